import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { jobRound } from "../../../chain/transactions/job-round.ts";
import type { RuleContext } from "../../../chain/transactions/rule.ts";
import type { JobRecord } from "../../../chain/types/job.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import type { Payloads, SignedTransaction } from "../../../chain/types/transaction.ts";
import { trainProgress, trainResult } from "../../../chain/workload/train/train-of.ts";
import { SERVER_DEFAULTS } from "../../../ml/job-aggregation.ts";
import { aggregationOf } from "../../helpers/aggregation.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import {
  commits,
  jobOf,
  jobSpec,
  openJob,
  roundRecord,
  type TrainOrder,
} from "../../helpers/job-run.ts";

function revealing(changes: Partial<TrainOrder> = {}) {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job", { quorum: 3, ...changes }));
  chain.advance(open);
  chain.advance();
  chain.advance(...commits(chain, jobOf(chain, open)));
  const job = jobOf(chain, open);
  const good = roundRecord(chain, job).transaction.payload.value as Payloads["job-round"];
  const posting = (
    record: Partial<JobRecord>,
    cosignatures = good.cosignatures,
    from: Person = chain.personOfNode(job.team[0] ?? -1),
  ): SignedTransaction => {
    const value = { record: { ...good.record, ...record }, cosignatures };
    return chain.transaction(from, "job-round", value, { fee: 0n });
  };
  return { chain, open, job, good, posting };
}

describe("job-round", () => {
  it("updates the model, hands the contributions to audits and credits the signers", () => {
    const { chain, open, good, posting } = revealing();
    const { body } = chain.advance(posting({}, good.cosignatures.slice(0, 2)));
    const job = jobOf(chain, open);
    expect(phaseOf(job)).to.equal("training");
    expect(job.round).to.equal(2);
    expect(toHex(trainProgress(job).parameters)).to.equal(
      toHex(trainResult(good.record).modelAfter),
    );
    expect(trainProgress(job).metrics).to.deep.equal(trainResult(good.record).metrics);
    expect(job.credits).to.deep.equal([2, 1, 0]);
    for (const participant of job.participants) {
      expect(participant).to.include({ paidUnits: 0n, paidRounds: 0, units: 0 });
    }
    const audited = job.audits.map(({ node, units, shard }) => ({ node, units, shard }));
    expect(audited).to.deep.equal(
      job.participants.map(({ node }, shard) => ({ node, units: 3000, shard })),
    );
    expect(body.records).to.deep.equal([good.record]);
  });

  it("refuses RECORD_MISMATCH for a record of another kind of work", () => {
    const { chain, job, good } = revealing();
    const gain = { ...good.record.gain, selector: 1 } as unknown as JobRecord["gain"];
    const context = { sender: chain.personOfNode(job.team[0] ?? -1).keys.publicKey, records: [] };
    const { facts } = expectCode(
      () =>
        jobRound.apply(
          chain.head.state.fork(),
          { ...good, record: { ...good.record, gain } },
          context as unknown as RuleContext,
        ),
      "RECORD_MISMATCH",
    );
    expect(facts).to.include({ field: "gain" });
  });

  it("may come from any manager of the team, named in the record", () => {
    const { chain, job, good, posting } = revealing();
    const [, support = -1] = job.team;
    const person = chain.personOfNode(support);
    expectApplies(chain, posting({ manager: support }, good.cosignatures, person));
    expectRefused(chain, posting({}, good.cosignatures, person), "NOT_ASSIGNED");
    const idle = [0, 1, 2, 3].find((node) => !job.team.includes(node)) ?? -1;
    const outsider = chain.personOfNode(idle);
    expectRefused(chain, posting({ manager: idle }, good.cosignatures, outsider), "NOT_ASSIGNED");
    expectRefused(chain, posting({}, good.cosignatures, chain.client), "NOT_ASSIGNED");
  });

  it("refuses BAD_FIELD for cosigners that are no majority, repeated, unordered or unknown", () => {
    const { chain, good, posting } = revealing();
    const [a, b, c] = good.cosignatures;
    if (a === undefined || b === undefined || c === undefined) throw new Error("not three");
    for (const cosigners of [[], [a], [a, a], [b, a], [a, b, { ...c, member: 3 }]]) {
      const facts = expectRefused(chain, posting({}, cosigners), "BAD_FIELD");
      expect(facts.field).to.equal("cosignatures");
    }
    expectApplies(chain, posting({}, [b, c]));
  });

  it("refuses WRONG_PHASE while participants still train, and UNKNOWN_JOB", () => {
    const { chain, posting } = revealing();
    expectRefused(chain, posting({ job: sha256(Uint8Array.of(1)) }), "UNKNOWN_JOB");
    chain.advance(posting({}));
    const facts = expectRefused(chain, posting({ round: 2 }), "WRONG_PHASE");
    expect(facts.phase).to.equal("training");
  });

  it("refuses WRONG_ROUND", () => {
    const { chain, posting } = revealing();
    expect(expectRefused(chain, posting({ round: 2 }), "WRONG_ROUND")).to.include({ expected: 1 });
  });

  it("refuses RECORD_MISMATCH for another model to start from", () => {
    const { chain, good, posting } = revealing();
    const value = { ...trainResult(good.record), modelBefore: sha256(Uint8Array.of(1)) };
    const other = posting({ gain: { selector: 0, value } });
    expect(expectRefused(chain, other, "RECORD_MISMATCH").field).to.equal("modelBefore");
  });

  it("refuses RECORD_MISMATCH for a state that the aggregation does not keep, and for none where it keeps one", () => {
    const state = sha256(Uint8Array.of(7));
    const plain = revealing();
    const extra = { ...trainResult(plain.good.record), serverState: state };
    const refused = plain.posting({ gain: { selector: 0, value: extra } });
    expect(expectRefused(plain.chain, refused, "RECORD_MISMATCH").field).to.equal("serverState");
    const aggregation = aggregationOf("fedavg", {}, SERVER_DEFAULTS.adam);
    const { chain, good, open, posting } = revealing({ aggregation });
    const { serverState, ...result } = trainResult(good.record);
    const none = posting({ gain: { selector: 0, value: { ...result, serverState: ZERO_HASH } } });
    expect(expectRefused(chain, none, "RECORD_MISMATCH").field).to.equal("serverState");
    chain.advance(posting({}));
    expect(trainProgress(jobOf(chain, open)).serverState).to.deep.equal(serverState);
  });

  it("refuses RECORD_MISMATCH for contributions that were not committed so", () => {
    const { chain, good, posting } = revealing();
    const [first, ...rest] = good.record.contributions;
    if (first === undefined) throw new Error("no contribution");
    const wrong: JobRecord["contributions"][] = [
      rest.slice(1),
      [first, first, ...rest],
      [...rest, first],
      [{ ...first, updateHash: sha256(first.updateHash) }, ...rest],
      [{ ...first, units: first.units + 1 }, ...rest],
      [{ ...first, workMs: first.workMs + 1 }, ...rest],
      [{ ...first, updateBytes: first.updateBytes + 1 }, ...rest],
      [...rest, { ...first, node: 9 }],
    ];
    for (const contributions of wrong) {
      const facts = expectRefused(chain, posting({ contributions }), "RECORD_MISMATCH");
      expect(facts.field).to.equal("contributions");
    }
    expectApplies(chain, posting({ contributions: rest }));
  });

  it("refuses RECORD_MISMATCH for a quorum that is filled up with participants that delivered nothing", () => {
    const chain = new TestChain();
    const open = openJob(chain, chain.client, jobSpec("job", { quorum: 3, phaseBlocks: 4 }));
    chain.advance(open);
    chain.advance();
    chain.advance(...commits(chain, jobOf(chain, open)).slice(1));
    while (phaseOf(jobOf(chain, open)) === "training") chain.advance();
    const job = jobOf(chain, open);
    const [absent] = job.participants;
    if (absent === undefined) throw new Error("no participant");
    const { node, updateHash, units, workMs, updateBytes } = absent;
    expect(units).to.equal(0);
    const good = roundRecord(chain, job).transaction.payload.value as Payloads["job-round"];
    const nothing = { node, updateHash, units, workMs, updateBytes };
    const contributions = [...good.record.contributions.slice(1), nothing].sort(
      (a, b) => a.node - b.node,
    );
    expect(contributions).to.have.length(3);
    const record = { ...good.record, contributions };
    const manager = chain.personOfNode(record.manager);
    const value = { record, cosignatures: good.cosignatures };
    const post = chain.transaction(manager, "job-round", value, { fee: 0n });
    expect(expectRefused(chain, post, "RECORD_MISMATCH").field).to.equal("contributions");
  });

  it("refuses RECORD_MISMATCH when the round would be paid more samples than there are rows", () => {
    const chain = new TestChain();
    // 4 shards of 2 chunks of 3 rows: each may report 6, all of them only the 17 there are.
    const spec = jobSpec("job", { trainRows: 17, trainChunks: 6, testRows: 10 });
    const open = openJob(chain, chain.client, spec);
    chain.advance(open);
    chain.advance();
    const honest = commits(chain, jobOf(chain, open));
    honest.forEach(({ transaction }, i) => {
      const value = transaction.payload.value as Payloads["job-commit"];
      const from = chain.personOfNode(jobOf(chain, open).participants[i]?.node ?? -1);
      chain.advance(chain.transaction(from, "job-commit", { ...value, units: 6 }, { fee: 0n }));
    });
    const record = roundRecord(chain, jobOf(chain, open));
    expectRefused(chain, record, "RECORD_MISMATCH");
  });
});
