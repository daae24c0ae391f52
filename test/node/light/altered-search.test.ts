/** The certificate of a search is verified as it was written; altered ones are refused, and so is a find that is none. */
import { expect } from "chai";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { Header } from "../../../chain/types/block.ts";
import { Job, type JobSpec } from "../../../chain/types/job.ts";
import type { SearchFind } from "../../../chain/types/search.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { canonicalJson, parseCanonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { ALGORITHM_HASHES } from "../../../ml/search/algorithm-hashes.ts";
import { encodeCertificate } from "../../../node/light/certificate.ts";
import { verifyResult } from "../../../node/light/verify-result.ts";
import { checkSearched } from "../../../node/light/verify-search.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jsonMutants } from "../../helpers/json-mutants.ts";
import { LightChain } from "../../helpers/light-chain.ts";
import { SearchStory, searchOrder, targetFor } from "../../helpers/search-run.ts";

const FINDS = 3;
const ANCHOR = 60;

/** An order to find all, with three finds. */
function order(): JobSpec {
  const plain = { mode: 1, algorithm: fromHex(ALGORITHM_HASHES.sha256) };
  return searchOrder("search", {
    ...plain,
    target: targetFor(searchOrder("search", plain), FINDS),
  });
}

async function searched() {
  const chain = new TestChain({ founders: 8, parameters: { newcomerAudits: 0, secondLook: 0 } });
  const ledger = new LightChain(chain);
  const spec = order();
  const escrow = jobPrice(spec, chain.head.state.parameters) + 1_000_000n;
  const open = chain.transaction(chain.client, "job-open", { spec, escrow });
  ledger.advance(open);
  ledger.advance();
  const id = transactionId(open.transaction);
  const story = new SearchStory({ opened: { chain, id, spec } });
  while (phaseOf(story.job) !== "settled") ledger.advance(...story.next());
  ledger.advanceTo(ANCHOR);
  const { header } = await ledger.at(ANCHOR);
  return {
    job: story.job,
    bytes: encodeCertificate(await ledger.certificate(0)),
    trusted: { height: ANCHOR, hash: Header.hashTreeRoot(header) },
  };
}

/** A job with another value in one place. */
function altered(job: Job, change: (copy: Job) => void): Job {
  const copy = Job.deserialize(Job.serialize(job));
  change(copy);
  return copy;
}

function firstFind(job: Job): SearchFind {
  const [find] = searchProgress(job).finds;
  if (find === undefined) throw new Error("no find");
  return find;
}

/** What somebody would gain by altering it. */
const FORGERIES: Readonly<Record<string, (job: Job) => void>> = {
  "another nonce": (job) => {
    firstFind(job).nonce += 1n;
  },
  "another digest": (job) => {
    firstFind(job).digest = new Uint8Array(32);
  },
  "another finder": (job) => {
    firstFind(job).node = (firstFind(job).node + 1) % 8;
  },
  "a find less": (job) => {
    searchProgress(job).finds.pop();
  },
  "a find twice": (job) => {
    searchProgress(job).finds.push(firstFind(job));
  },
  "less that was searched": (job) => {
    searchProgress(job).open.push({ from: 3n, to: 4n });
  },
  "an easier target": (job) => {
    searchSpec(job.spec).target = new Uint8Array(32).fill(0xff);
  },
  "another prefix": (job) => {
    searchSpec(job.spec).prefix = Uint8Array.of(1);
  },
  "a larger range": (job) => {
    searchSpec(job.spec).to += 64n;
  },
  "another mode": (job) => {
    searchSpec(job.spec).mode = 2;
  },
  "another algorithm": (job) => {
    searchSpec(job.spec).algorithm = fromHex(ALGORITHM_HASHES.sha256d);
  },
  "more pay for a node": (job) => {
    const [first] = job.participants;
    if (first !== undefined) first.paidUnits += 1n;
  },
};

describe("the certificate of a search", function () {
  this.timeout(60_000);
  let made: Awaited<ReturnType<typeof searched>>;

  before(async () => {
    made = await searched();
  });

  const verify = (bytes: Uint8Array) => verifyResult({ "certificate.json": bytes }, made.trusted);
  const refusal = async (action: Promise<unknown>): Promise<unknown> =>
    action.then(
      () => undefined,
      (error: unknown) => error,
    );

  it("proves all finds, hashed again, and the whole range", async () => {
    const { proved, unchecked } = await verify(made.bytes);
    const detailOf = (name: string) => proved.find(({ claim }) => claim === name)?.detail;
    expect(searchProgress(made.job).finds).to.have.lengthOf(FINDS);
    expect(detailOf("finds")).to.contain("hashed again here");
    expect(detailOf("coverage")).to.contain("100 %");
    expect(unchecked).to.deep.equal([]);
  });

  it("is refused whatever is altered in its text", async () => {
    const mutants = jsonMutants(made.bytes, 12).filter(({ what }) => !/^updates/.test(what));
    for (const { what, bytes } of mutants) {
      expect(await refusal(verify(bytes)), what).to.be.instanceOf(PomlError);
    }
    expect(mutants.length).to.be.above(60);
  });

  for (const [what, change] of Object.entries(FORGERIES)) {
    it(`is refused with ${what} in the job`, async () => {
      const json = parseCanonicalJson(made.bytes) as object;
      const job = toHex(Job.serialize(altered(made.job, change)));
      const error = await refusal(verify(canonicalJson({ ...json, job })));
      expect(error).to.be.instanceOf(PomlError);
      expect((error as PomlError).facts).to.include({ code: "LIGHT_NOT_INCLUDED" });
    });
  }

  it("is refused with a false find, even if a whole chain had signed it", async () => {
    const lies: Readonly<Record<string, (job: Job) => void>> = {
      "hashes to": FORGERIES["another digest"] ?? (() => {}),
      "lies in the range": (job) => {
        firstFind(job).nonce = 0n;
      },
      "is at most the target": (job) => {
        firstFind(job).digest = new Uint8Array(32).fill(0xff);
      },
    };
    for (const [reason, change] of Object.entries(lies)) {
      const error = await refusal(checkSearched(altered(made.job, change), undefined));
      expect(error).to.be.instanceOf(PomlError);
      expect((error as PomlError).message).to.contain(reason);
    }
  });
});
