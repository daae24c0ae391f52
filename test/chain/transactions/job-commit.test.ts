import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Payloads } from "../../../chain/types/transaction.ts";
import { shardLimit } from "../../../chain/workload/train/price.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { commits, jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";

function training() {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job", { participants: 3, quorum: 2 }));
  chain.advance(open);
  chain.advance();
  const job = jobOf(chain, open);
  const [first = -1] = job.participants.map(({ node }) => node);
  const payload: Payloads["job-commit"] = {
    job: job.id,
    round: 1,
    updateHash: sha256(job.id),
    checkpointRoot: sha256(sha256(job.id)),
    units: 4000,
    workMs: 1,
    updateBytes: 2,
  };
  const committing = (change: Partial<typeof payload>, node = first) =>
    chain.transaction(
      chain.personOfNode(node),
      "job-commit",
      { ...payload, ...change },
      { fee: 0n },
    );
  return { chain, open, job, first, committing };
}

describe("job-commit", () => {
  it("binds a participant to an update; the last one ends the phase", () => {
    const { chain, open, job } = training();
    const [a, b, c] = commits(chain, job);
    if (a === undefined || b === undefined || c === undefined) throw new Error("not three");
    chain.advance(a, b);
    expect(phaseOf(jobOf(chain, open))).to.equal("training");
    expect(jobOf(chain, open).participants[0]).to.include({ units: 4000, missed: 0 });
    chain.advance(c);
    expect(phaseOf(jobOf(chain, open))).to.equal("revealing");
  });

  it("refuses BAD_FIELD for samples that are no whole epochs", () => {
    const chain = new TestChain();
    const open = openJob(chain, chain.client, jobSpec("job", { localEpochs: 3 }));
    chain.advance(open);
    chain.advance();
    const [good] = commits(chain, jobOf(chain, open));
    const value = good?.transaction.payload.value as Payloads["job-commit"];
    const from = chain.personOf(good?.transaction.sender ?? new Uint8Array());
    const broken = { ...value, units: value.units - 1 };
    const facts = expectRefused(
      chain,
      chain.transaction(from, "job-commit", broken, { fee: 0n }),
      "BAD_FIELD",
    );
    expect(facts.field).to.equal("units");
  });

  it("refuses UNKNOWN_JOB and WRONG_ROUND", () => {
    const { chain, job, committing } = training();
    expectRefused(chain, committing({ job: sha256(job.id) }), "UNKNOWN_JOB");
    const facts = expectRefused(chain, committing({ round: 2 }), "WRONG_ROUND");
    expect(facts).to.include({ expected: 1, actual: 2 });
  });

  it("refuses WRONG_PHASE before the draw and once all have committed", () => {
    const { chain, open, job, committing } = training();
    const early = new TestChain();
    early.advance(open);
    expectRefused(early, committing({}), "WRONG_PHASE");
    chain.advance(...commits(chain, job));
    expect(expectRefused(chain, committing({}), "WRONG_PHASE").phase).to.equal("revealing");
  });

  it("refuses NOT_ASSIGNED for nodes without a shard, and strangers", () => {
    const { chain, job, committing } = training();
    const idle = [0, 1, 2, 3].find((node) => job.participants.every((p) => p.node !== node));
    expectRefused(chain, committing({}, idle), "NOT_ASSIGNED");
    const { payload } = committing({}).transaction;
    const value = payload.value as Payloads["job-commit"];
    const stranger = chain.transaction(chain.client, "job-commit", value, { fee: 0n });
    expectRefused(chain, stranger, "NOT_ASSIGNED");
  });

  it("refuses ALREADY_DONE for a second update in a round", () => {
    const { chain, committing } = training();
    chain.advance(committing({}));
    expectRefused(chain, committing({ updateHash: new Uint8Array(32).fill(1) }), "ALREADY_DONE");
  });

  it("refuses BAD_FIELD for more samples than the shard can hold, or none", () => {
    const { chain, job, committing } = training();
    const limit = shardLimit(trainSpec(job.spec), 3);
    expectApplies(chain, committing({ units: limit }));
    for (const units of [0, limit + 1]) {
      expect(expectRefused(chain, committing({ units }), "BAD_FIELD").field).to.equal("units");
    }
  });
});
