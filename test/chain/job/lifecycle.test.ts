import { expect } from "chai";
import fc from "fast-check";
import { outcomeOf, phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice, managerPay } from "../../../chain/job/price.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { trainProgress } from "../../../chain/workload/train/train-of.ts";
import { TestChain } from "../../helpers/chain.ts";
import type { TrainOrder } from "../../helpers/job-run.ts";
import {
  auditAnswers,
  commits,
  jobOf,
  jobSpec,
  nextStep,
  openJob,
  roundRecord,
  withFields,
} from "../../helpers/job-run.ts";
import { withUnrated } from "../../helpers/window-run.ts";

/** A job, its chain, and what was there before it. */
class Story {
  readonly chain: TestChain;
  readonly open: SignedTransaction;
  readonly supply: bigint;

  constructor(spec: Partial<TrainOrder>, chain = new TestChain()) {
    this.chain = chain;
    this.supply = chain.supply();
    this.open = openJob(chain, chain.client, jobSpec("job", spec));
    chain.advance(this.open);
  }

  get job(): Job {
    return jobOf(this.chain, this.open);
  }

  get phase(): string {
    return phaseOf(this.job);
  }

  /** Phase, outcome and the last recorded round. */
  get end(): [string, string, number] {
    return [this.phase, outcomeOf(this.job), this.job.round];
  }

  /** @param present how many participants try to commit; some may come after the phase has ended */
  step(present = this.job.participants.length): void {
    const { chain, job } = this;
    if (this.phase === "training") chain.take(chain.build(commits(chain, job, present)));
    else chain.advance(...nextStep(chain, job));
  }

  /** Blocks without a word about the job, until it is in another phase. */
  waitOut(): number {
    const { phaseSince } = this.job;
    const since = this.chain.height;
    while (this.job.phaseSince === phaseSince) this.chain.advance();
    return this.chain.height - since;
  }

  /** Every auditor finds every update right. */
  audit(): void {
    const { chain } = this;
    while (this.job.audits.length > 0) chain.advance(...auditAnswers(chain, this.job));
  }

  settle(): Job["settlement"] {
    this.audit();
    const id = { job: this.job.id };
    const { chain } = this;
    chain.advance(chain.transaction(chain.personOfNode(0), "job-settle", id, { fee: 0n }));
    expect(this.phase).to.equal("settled");
    const { settlement, escrow } = this.job;
    const sum = Object.values(settlement).reduce((all, part) => all + part, 0n);
    expect(sum).to.equal(escrow);
    expect(chain.supply()).to.equal(this.supply);
    return settlement;
  }
}

describe("a job", () => {
  it("is opened, drawn, trained round by round and settled", () => {
    const story = new Story({ rounds: 3 });
    expect(story.phase).to.equal("drawing");
    story.chain.advance();
    const { team, participants } = story.job;
    expect(new Set(team).size).to.equal(3);
    expect(new Set(participants.map(({ node }) => node)).size).to.equal(4);
    for (let round = 1; round <= 3; round++) {
      expect([story.phase, story.job.round]).to.deep.equal(["training", round]);
      story.step();
      expect(story.phase).to.equal("revealing");
      story.step();
    }
    expect(story.phase).to.equal("finished");
    expect(story.job.closedAt).to.equal(story.chain.height);
    const settlement = story.settle();
    expect(story.end).to.deep.equal(["settled", "complete", 3]);
    expect(settlement.participants).to.equal(3n * 12_000n * 10n);
    expect(settlement.managers).to.equal(36_000n);
    const dust = 36_000n - settlement.auditors;
    expect(dust >= 0n && dust < 4n).to.equal(true);
    expect(settlement.refund - 1_000_000n - dust <= 1n).to.equal(true);
  });

  it("pays every participant, manager, the proposer and the client what the division says", () => {
    const story = new Story({ rounds: 1 });
    const { chain } = story;
    story.chain.advance();
    story.step();
    story.step();
    story.audit();
    const balances = () =>
      chain.founders.map(({ address }) => chain.head.state.account(address).balance);
    const before = balances();
    const { fee, managers, auditors } = story.settle();
    const segments = new Map(story.job.auditors.map((credit) => [credit.node, credit.segments]));
    const replayed = [...segments.values()].reduce((sum, count) => sum + count, 0);
    const proposer = chain.blocks.at(-1)?.header.proposer ?? new Uint8Array();
    const expected = chain.founders.map((founder, index) => {
      const node = chain.head.state.nodeIndex(founder.keys.publicKey) ?? -1;
      const member = story.job.team.indexOf(node);
      const audited = (auditors * BigInt(segments.get(node) ?? 0)) / BigInt(replayed);
      const pay = 3000n * 10n + (managers * BigInt([2, 1, 1][member] ?? 0)) / 4n + audited;
      const proposed = chain.personOf(proposer) === founder ? fee : 0n;
      return (before[index] ?? 0n) + pay + proposed;
    });
    expect(balances()).to.deep.equal(expected);
  });

  it("balances to the micro-unit whatever the numbers", () => {
    const numbers = fc.record({
      rounds: fc.integer({ min: 1, max: 3 }),
      localEpochs: fc.integer({ min: 1, max: 3 }),
      trainRows: fc.integer({ min: 40, max: 5000 }),
      trainChunks: fc.integer({ min: 4, max: 40 }),
      pricePerUnit: fc.bigInt({ min: 1n, max: 100_000n }),
      teamSize: fc.integer({ min: 3, max: 4 }),
      quorum: fc.constant(1),
      phaseBlocks: fc.constant(4),
    });
    const present = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 });
    const managerShare = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(numbers, present, managerShare, (spec, counts, share) => {
        const story = new Story(spec, new TestChain({ parameters: { managerShare: share } }));
        const { chain } = story;
        while (story.phase !== "finished") {
          story.step(counts[story.job.round - 1] ?? 4);
          if (story.phase === "training") story.waitOut();
        }
        const settlement = story.settle();
        const paid = story.job.participants.reduce((sum, p) => sum + p.paidUnits, 0n);
        const participants = paid * spec.pricePerUnit;
        expect(settlement.participants).to.equal(participants);
        const limit = managerPay(participants, chain.head.state.parameters);
        expect(limit - settlement.managers < BigInt(spec.teamSize)).to.equal(true);
      }),
      { seed: 7, numRuns: 15 },
    );
  });

  it("goes on without a missing participant when the quorum stands", () => {
    const story = new Story({ rounds: 2, phaseBlocks: 4 });
    story.chain.advance();
    story.step(3);
    expect(story.phase).to.equal("training");
    expect(story.waitOut()).to.equal(3);
    expect(story.phase).to.equal("revealing");
    expect(story.job.participants.map(({ missed }) => missed)).to.deep.equal([0, 0, 0, 1]);
    story.step();
    // The second round does not wait for it, and takes it back when it answers.
    story.step(3);
    expect(story.phase).to.equal("revealing");
    story.step();
    story.audit();
    expect(story.job.participants.map(({ paidRounds }) => paidRounds)).to.deep.equal([2, 2, 2, 0]);
    const { participants, refund } = story.settle();
    expect(participants).to.equal(2n * 9000n * 10n);
    expect(refund > 1_000_000n + 2n * 3000n * 10n).to.equal(true);
  });

  it("takes a participant back that answers again", () => {
    const story = new Story({ rounds: 3, phaseBlocks: 4 });
    story.chain.advance();
    story.step(3);
    story.waitOut();
    story.step();
    const { chain } = story;
    const all = commits(chain, story.job);
    const late = all.pop();
    if (late === undefined) throw new Error("no commit");
    chain.advance(late);
    expect(story.job.participants.map(({ missed }) => missed)).to.deep.equal([0, 0, 0, 0]);
    chain.advance(...all);
    expect(story.phase).to.equal("revealing");
  });

  it("fails for want of a quorum after its extensions, and pays what came once its audits find it right", () => {
    const story = new Story({ phaseBlocks: 4 });
    const { chain } = story;
    chain.advance();
    story.step(2);
    const { maxExtensions } = chain.head.state.parameters;
    for (let extension = 1; extension <= maxExtensions; extension++) {
      story.waitOut();
      expect(story.phase).to.equal("training");
      expect(story.job.extensions).to.equal(extension);
      expect(story.job.participants.filter(({ units: samples }) => samples > 0)).to.have.length(2);
    }
    expect(story.waitOut()).to.equal(4);
    expect(story.phase).to.equal("failed");
    const { participants, managers, refund } = story.settle();
    expect([participants, managers]).to.deep.equal([2n * 3000n * 10n, 0n]);
    expect(refund > story.job.escrow - 2n * participants).to.equal(true);
    expect(story.end).to.deep.equal(["settled", "no-quorum", 0]);
  });

  it("fails when no manager posts a record, pays the round it was in, and does not count it", () => {
    const story = new Story({ rounds: 2, phaseBlocks: 4 });
    story.chain.advance();
    story.step();
    story.step();
    expect([story.phase, story.job.round]).to.deep.equal(["training", 2]);
    story.step();
    for (let guard = 0; story.phase !== "failed" && guard < 8; guard++) story.waitOut();
    expect(story.end).to.deep.equal(["failed", "no-record", 1]);
    const { participants } = story.settle();
    expect(participants).to.equal(2n * 12_000n * 10n);
    expect(story.job.participants.map(({ paidRounds }) => paidRounds)).to.deep.equal([2, 2, 2, 2]);
  });

  it("keeps the commits when no record comes, and forgives it once one does", () => {
    const story = new Story({ rounds: 2, phaseBlocks: 4 });
    story.chain.advance();
    story.step();
    story.waitOut();
    expect(story.phase).to.equal("revealing");
    expect(story.job).to.include({ round: 1, extensions: 1 });
    expect(story.job.participants.every(({ units: samples }) => samples > 0)).to.equal(true);
    story.step();
    expect(story.job).to.include({ round: 2, extensions: 0 });
  });

  it("waits once more for those who missed the round, when no record came of it", () => {
    const story = new Story({ rounds: 1, phaseBlocks: 4 });
    const { chain } = story;
    chain.advance();
    const all = commits(chain, story.job);
    chain.advance(...all.slice(0, 3));
    story.waitOut();
    expect(story.phase).to.equal("revealing");
    story.waitOut();
    expect([story.phase, story.job.extensions]).to.deep.equal(["training", 1]);
    chain.advance();
    expect(story.phase).to.equal("training");
    chain.advance(...all.slice(3));
    expect(story.phase).to.equal("revealing");
  });

  it("fails while too few nodes are rated to draw a quorum", () => {
    const chain = new TestChain();
    withUnrated(chain, 1);
    const story = new Story({ participants: 5, quorum: 5 }, chain);
    for (let tries = 1; tries <= 4; tries++) {
      expect(story.phase).to.equal("drawing");
      expect(story.waitOut(), "blocks between two tries").to.equal(1);
    }
    expect(story.job.settlement.refund).to.equal(story.job.escrow - 1000n);
    expect(story.chain.supply()).to.equal(story.supply);
    expect(story.end).to.deep.equal(["settled", "undrawn", 0]);
  });

  it("pays the recorded rounds when its client cancels midway", () => {
    const story = new Story({ rounds: 5 });
    const { chain } = story;
    chain.advance();
    story.step();
    const cancel = () => chain.transaction(chain.client, "job-cancel", { job: story.job.id });
    expect(story.phase).to.equal("revealing");
    expect(chain.build([cancel()]).body.transactions, "while updates are revealed").to.have.length(
      0,
    );
    story.step();
    expect([story.phase, story.job.round]).to.deep.equal(["training", 2]);
    chain.advance(cancel());
    expect(story.phase).to.equal("cancelled");
    const { participants, managers, refund } = story.settle();
    expect(participants).to.equal(12_000n * 10n);
    expect(managers).to.equal(12_000n);
    const fee = (144_000n * 15n) / 1000n;
    // The managers' share of the four rounds that have no record.
    const burned = 4n * 12_000n;
    expect(refund).to.equal(story.job.escrow - 1000n - 144_000n - fee - burned);
    expect(story.end).to.deep.equal(["settled", "cancelled", 1]);
    expect(chain.head.state.meta.burned).to.equal(1000n + burned);
  });

  it("pays what was committed to in the round under way when its client cancels", () => {
    const story = new Story({ rounds: 2 });
    const { chain } = story;
    chain.advance();
    story.step(3);
    chain.advance(chain.transaction(chain.client, "job-cancel", { job: story.job.id }));
    expect(story.end).to.deep.equal(["cancelled", "cancelled", 0]);
    const { participants } = story.settle();
    expect(participants).to.equal(3n * 3000n * 10n);
    expect(chain.head.state.meta.burned).to.equal(1000n + 2n * 12_000n);
  });

  it("is cancelled for nothing in the block that opens it, before anybody knows its team", () => {
    const chain = new TestChain();
    const open = openJob(chain, chain.client, jobSpec("job"));
    const nonce = open.transaction.nonce + 1;
    const cancel = (id: Uint8Array) =>
      chain.transaction(chain.client, "job-cancel", { job: id }, { nonce });
    chain.advance(open, cancel(transactionId(open.transaction)));
    const job = jobOf(chain, open);
    expect([phaseOf(job), job.opening, job.team.length]).to.deep.equal(["cancelled", 1000n, 0]);
    const later = new Story({});
    later.chain.advance(
      later.chain.transaction(later.chain.client, "job-cancel", { job: later.job.id }),
    );
    expect(later.settle().burned).to.equal(1000n + 5n * 12_000n);
  });

  it("ends early at its target accuracy", () => {
    const story = new Story({ rounds: 5, targetAccuracy: 760_000 });
    story.chain.advance();
    while (story.phase !== "finished") story.step();
    expect(trainProgress(story.job).metrics.accuracy).to.be.at.least(760_000);
    expect(story.end).to.deep.equal(["finished", "target", 2]);
    expect(story.settle().participants).to.equal(2n * 12_000n * 10n);
  });

  it("draws no more participants than there are chunks", () => {
    const story = new Story({ trainChunks: 3, quorum: 3 });
    story.chain.advance();
    expect(story.job.participants).to.have.length(3);
  });

  it("credits only the managers that signed", () => {
    const story = new Story({ rounds: 1 });
    const { chain } = story;
    chain.advance();
    story.step();
    const { transaction } = roundRecord(chain, story.job);
    const posted = transaction.payload.value as { record: never; cosignatures: unknown[] };
    const manager = chain.personOfNode(story.job.team[0] ?? -1);
    const two = { ...posted, cosignatures: posted.cosignatures.slice(0, 2) as never };
    chain.advance(chain.transaction(manager, "job-round", two, { fee: 0n }));
    expect(story.job.credits).to.deep.equal([2, 1, 0]);
    story.settle();
  });
});

describe("jobPrice", () => {
  it("is the work, the managers' share and the fee on both", () => {
    const { parameters } = new TestChain().head.state;
    const spec = jobSpec("job", { rounds: 2, localEpochs: 3, trainRows: 1000 });
    // 6,000 sample steps at 10, a tenth each for managers and auditors, 1.5 % of the sum.
    expect(jobPrice(spec, parameters)).to.equal(60_000n + 6_000n + 6_000n + 1_080n);
    expect(jobPrice({ ...spec, pricePerUnit: 1000n }, parameters)).to.equal(7_308_000n);
    const unauditable = withFields(spec, { engine: 1 });
    expect(jobPrice(unauditable, parameters)).to.equal(60_000n + 6_000n + 1_000n);
  });
});
