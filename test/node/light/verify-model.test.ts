import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { Header } from "../../../chain/types/block.ts";
import { Job } from "../../../chain/types/job.ts";
import { LightBlock } from "../../../chain/types/light.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import type { LightSource } from "../../../node/light/anchor.ts";
import { encodeCertificate } from "../../../node/light/certificate.ts";
import { type ResultDirectory, verifyResult } from "../../../node/light/verify-result.ts";
import type { ModelDirectory } from "../../../node/light/verify-train.ts";

type Files = ResultDirectory & ModelDirectory;

import { TestChain } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { type FinishedJob, finishedJob } from "../../helpers/finished-job.ts";
import { jobOf, jobSpec, nextStep, openJob } from "../../helpers/job-run.ts";
import { LightChain } from "../../helpers/light-chain.ts";
import { sourceOf } from "../../helpers/light-source.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("verifyResult", () => {
  let made: FinishedJob;
  let files: Files;
  let trusted: { height: number; hash: Uint8Array };
  let source: LightSource;
  const trustOf = async (height: number) => {
    const { header } = await made.ledger.at(height);
    return { height, hash: Header.hashTreeRoot(header) };
  };

  before(async () => {
    made = await finishedJob(40);
    made.ledger.advanceTo(70);
    ({ files } = made);
    trusted = await trustOf(made.anchor);
    source = sourceOf(made.ledger);
  });

  const changed = (field: string, change: (hex: string) => unknown): Files => {
    const json = JSON.parse(new TextDecoder().decode(files["certificate.json"]));
    json[field] = change(json[field]);
    return { ...files, "certificate.json": text(JSON.stringify(json)) };
  };
  const refused = (
    directory: Files,
    code: string,
    trust: Parameters<typeof verifyResult>[1] = trusted,
    from?: LightSource,
  ) => expectCodeAsync(() => verifyResult(directory, trust, { source: from }), code);

  it("proves the model against the block it is anchored in", async () => {
    const { proved } = await verifyResult(files, trusted);
    expect(proved.map(({ claim }) => claim)).to.include.members(["final", "weights", "dataset"]);
  });

  it("proves it against the genesis, offline", async () => {
    const { genesis } = made.ledger.chain;
    const { proved } = await verifyResult(files, { genesis });
    expect(proved.find(({ claim }) => claim === "chain")?.detail).to.include("the genesis");
    const other = { ...genesis, time: genesis.time + 1n };
    await refused(files, "NOT_PROVED", { genesis: other });
  });

  it("proves it against any other block with the help of a node", async () => {
    for (const height of [1, 20, 39, 41, 63, 70]) {
      const trust = await trustOf(height);
      const alone = await refused(files, "NOT_LINKED", trust);
      expect(alone.remedy).to.include("--api").and.not.match(/[0-9]/);
      const { proved } = await verifyResult(files, trust, { source });
      const chain = proved.find(({ claim }) => claim === "chain")?.detail;
      expect(chain).to.include(`block ${height} `);
    }
  });

  it("proves it with light blocks of its own, offline", async () => {
    const updates = made.ledger.changes.filter(({ header }) => header.height < made.anchor);
    const hex = updates.map((update) => toHex(LightBlock.serialize(update)));
    const carrying = changed("updates", () => hex);
    for (const { header } of updates) {
      await verifyResult(carrying, await trustOf(header.height));
    }
    const broken = hex.map((one) => one.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")));
    await refused(
      changed("updates", () => broken),
      "LIGHT_APPOINTMENT",
    );
    await refused(
      changed("updates", () => hex.toReversed()),
      "CERTIFICATE_FORMAT",
    );
  });

  it("accepts no false answer of the node that helps", async () => {
    const [early, late] = [await trustOf(20), await trustOf(63)];
    const other = new LightChain(new TestChain({ founders: 5 }));
    other.advanceTo(70);
    const liar = sourceOf(other);
    await refused(files, "LIGHT_OTHER_BLOCK", early, liar);
    const { lightRoute } = liar;
    await refused(files, "CERTIFICATE_BAD_SIGNATURE", late, { ...source, lightRoute });
    const proof: LightSource["proof"] = async (of) => {
      const { proof: good, block } = await source.proof(of);
      const job = { ...Job.deserialize(good.value), round: 9 };
      return { block, proof: { ...good, value: Job.serialize(job) } };
    };
    await refused(files, "LIGHT_NOT_INCLUDED", late, { ...source, proof });
  });

  it("starts from no block older than it may", async () => {
    const { time } = (await made.ledger.at(made.anchor)).header;
    const at = (ageMs: bigint) => ({ age: { nowMs: time + ageMs, limitMs: 1000n } });
    await verifyResult(files, trusted, at(1000n));
    await expectCodeAsync(() => verifyResult(files, trusted, at(1001n)), "LIGHT_TRUST_EXPIRED");
  });

  it("refuses other weights and another architecture", async () => {
    await refused({ ...files, "weights.bin": text("model after 4") }, "NOT_PROVED");
    const model = text(JSON.stringify({ modelTopology: { class_name: "Other" } }));
    await refused({ ...files, "model.json": model }, "NOT_PROVED");
  });

  it("refuses the weights that a job without a recorded round was to start from", async () => {
    const chain = new TestChain();
    const ledger = new LightChain(chain);
    const open = openJob(chain, chain.client, jobSpec("never trained"));
    ledger.advance(open);
    const { id } = jobOf(chain, open);
    ledger.advance(chain.transaction(chain.client, "job-cancel", { job: id }));
    ledger.advance(...nextStep(chain, jobOf(chain, open)));
    expect(jobOf(chain, open)).to.include({ round: 0 });
    const certificate = encodeCertificate(await ledger.certificate(0));
    const { height } = chain;
    const hash = Header.hashTreeRoot((await ledger.at(height)).header);
    const error = await refused({ ...files, "certificate.json": certificate }, "NOT_PROVED", {
      height,
      hash,
    });
    expect(error.message).to.contain("ended with a model");
  });

  it("refuses a block that is not the trusted one", async () => {
    const hash = trusted.hash.slice().reverse();
    await refused(files, "LIGHT_OTHER_BLOCK", { ...trusted, hash });
  });

  it("refuses a job that was altered", async () => {
    const dataset = toHex(trainSpec(made.ledger.chain.job(0).spec).dataset);
    const forged = changed("job", (hex) => hex.replace(dataset, "00".repeat(32)));
    await refused(forged, "LIGHT_NOT_INCLUDED");
  });

  it("refuses an altered signature", async () => {
    const forged = changed("certificate", (hex) =>
      hex.replace(/..$/, (end) => (end === "00" ? "01" : "00")),
    );
    await refused(forged, "CERTIFICATE_BAD_SIGNATURE");
  });

  it("refuses bytes that are no certificate with CERTIFICATE_FORMAT", async () => {
    await refused({ ...files, "certificate.json": text("{}") }, "CERTIFICATE_FORMAT");
    await refused(
      changed("updates", () => ["00"]),
      "CERTIFICATE_FORMAT",
    );
    await refused(
      changed("header", () => "00"),
      "CERTIFICATE_FORMAT",
    );
  });
});
