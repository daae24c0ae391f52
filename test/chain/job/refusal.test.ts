import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { hopeless, outcomeOf, phaseOf } from "../../../chain/job/phase.ts";
import type { Job, UpdateCheck } from "../../../chain/types/job.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { verifyTransactionSync } from "../../../chain/verify-signatures.ts";
import { trainProgress } from "../../../chain/workload/train/train-of.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import type { TrainOrder } from "../../helpers/job-run.ts";
import {
  auditAnswers,
  commits,
  divergence,
  jobOf,
  jobSpec,
  objection,
  openJob,
  roundRecord,
  roundRefusal,
} from "../../helpers/job-run.ts";

/** A job whose participants have been drawn. */
class Story {
  readonly chain = new TestChain();
  readonly supply = this.chain.supply();
  readonly open: SignedTransaction;

  constructor(spec: Partial<TrainOrder> = {}) {
    const order = jobSpec("job", { rounds: 3, participants: 4, quorum: 3, ...spec });
    this.open = openJob(this.chain, this.chain.client, order);
    this.chain.advance(this.open);
    this.chain.advance();
  }

  get job(): Job {
    return jobOf(this.chain, this.open);
  }

  get nodes(): number[] {
    return this.job.participants.map(({ node }) => node);
  }

  get end(): [string, string, number] {
    return [phaseOf(this.job), outcomeOf(this.job), this.job.round];
  }

  /** All commit; the round is revealing then. */
  reveal(): this {
    this.chain.advance(...commits(this.chain, this.job));
    expect(phaseOf(this.job)).to.equal("revealing");
    return this;
  }

  record(): this {
    this.chain.advance(roundRecord(this.chain, this.job));
    return this;
  }

  refusal(
    check: UpdateCheck,
    nodes = this.nodes,
    changes: Parameters<typeof roundRefusal>[3] = {},
  ): SignedTransaction {
    const refused = nodes.map((node) => ({ node, check }));
    return roundRefusal(this.chain, this.job, refused, changes);
  }

  /** Audits answered by `answer`, then settled to the micro-unit. */
  settle(answer: (node: number) => "match" | "mismatch" = () => "match"): Job["settlement"] {
    const { chain } = this;
    while (this.job.audits.length > 0) {
      chain.advance(...auditAnswers(chain, this.job, ({ node }) => answer(node)));
    }
    const id = { job: this.job.id };
    chain.advance(chain.transaction(chain.personOfNode(0), "job-settle", id, { fee: 0n }));
    const { settlement, escrow } = this.job;
    expect(Object.values(settlement).reduce((sum, part) => sum + part, 0n)).to.equal(escrow);
    expect(chain.supply()).to.equal(this.supply);
    return settlement;
  }
}

describe("a round whose updates are refused", () => {
  it("ends the job at once, and the job remembers which check refused whom", () => {
    const story = new Story().reveal();
    const before = story.chain.height;
    story.chain.advance(story.refusal("norm"));
    expect(story.chain.height).to.equal(before + 1);
    expect(story.end).to.deep.equal(["failed", "refused", 0]);
    expect(story.job.refused.map(({ node }) => node)).to.deep.equal(story.nodes.toSorted());
    expect(new Set(story.job.refused.map(({ check }) => check))).to.deep.equal(new Set([2]));
  });

  it("pays the work that its audits find right, and no manager; the rest goes back", () => {
    const story = new Story().reveal();
    story.chain.advance(story.refusal("norm"));
    expect(story.job.audits).to.have.length(4);
    const { participants, managers, refund } = story.settle();
    expect(participants).to.equal(12_000n * 10n);
    expect(managers).to.equal(0n);
    expect(refund > story.job.escrow - 2n * participants).to.equal(true);
    expect(story.end).to.deep.equal(["settled", "refused", 0]);
  });

  it("keeps what the rounds before it were worth", () => {
    const story = new Story().reveal().record().reveal();
    const parameters = trainProgress(story.job).parameters;
    story.chain.advance(story.refusal("no-change"));
    expect(story.end).to.deep.equal(["failed", "refused", 1]);
    expect(trainProgress(story.job).parameters).to.equal(parameters);
    const { participants, managers } = story.settle();
    expect(participants).to.equal(2n * 12_000n * 10n);
    expect(managers > 0n).to.equal(true);
  });

  it("pays nothing where nobody can replay the work", () => {
    const story = new Story({ engine: 1 }).reveal();
    story.chain.advance(story.refusal("norm"));
    expect(story.job.audits).to.have.length(0);
    expect(story.settle()).to.include({ participants: 0n, refund: story.job.escrow - 1000n });
  });

  it("costs the node that spoiled it as much as any false update", () => {
    const story = new Story({ quorum: 4 }).reveal();
    const [spoiler = -1] = story.nodes;
    const bond = story.chain.head.state.nodes.at(spoiler).bond;
    story.chain.advance(story.refusal("norm", [spoiler]));
    expect(story.end).to.deep.equal(["failed", "refused", 0]);
    story.settle((node) => (node === spoiler ? "mismatch" : "match"));
    expect(story.chain.head.state.nodes.at(spoiler).bond < bond).to.equal(true);
    for (const participant of story.job.participants) {
      expect(participant.paidRounds).to.equal(participant.node === spoiler ? 0 : 1);
    }
  });

  it("has every update audited, whatever the team says of it", () => {
    const story = new Story().reveal();
    const [named = -1] = story.nodes;
    // It may have the turn to propose the block as well.
    const standing = () => {
      const node = story.chain.head.state.nodes.at(named);
      return { ...node, onion: 0, onionLeft: 0, proposed: 0 };
    };
    const before = standing();
    story.chain.advance(
      roundRefusal(story.chain, story.job, [
        { node: named, check: "format" },
        ...story.nodes.slice(1).map((node) => ({ node, check: "norm" as const })),
      ]),
    );
    expect(story.job.audits.map(({ merged }) => merged)).to.deep.equal([0, 0, 0, 0]);
    expect(standing()).to.deep.equal(before);
    story.settle();
    const paid = story.job.participants.find(({ node }) => node === named);
    expect(paid).to.include({ paidRounds: 1, verifiedRounds: 1 });
  });

  it("costs no honest participant anything", () => {
    const story = new Story().reveal();
    const of = (node: number) => story.chain.head.state.nodes.at(node);
    const before = story.nodes.map((node) => ({ bond: of(node).bond, failed: of(node).failed }));
    story.chain.advance(story.refusal("norm"));
    story.settle();
    story.nodes.forEach((node, i) => {
      expect(of(node)).to.include(before[i] ?? {});
    });
  });

  it("is refused while a quorum is left, from whom it does not concern, and without a majority", () => {
    const story = new Story().reveal();
    const { chain, nodes, job } = story;
    const refused = (transaction: SignedTransaction, code: "BAD_FIELD" | "RECORD_MISMATCH") =>
      expectRefused(chain, transaction, code);
    const one = expectRefused(chain, story.refusal("norm", nodes.slice(0, 1)), "BAD_FIELD");
    expect(one.reason).to.equal("leaves 3 updates, which is enough for the quorum of 3");
    expectApplies(chain, story.refusal("norm", nodes.slice(0, 2)));
    refused(story.refusal("norm", nodes, { members: [0] }), "BAD_FIELD");
    refused(story.refusal("norm", nodes, { members: [1, 0] }), "BAD_FIELD");
    refused(story.refusal("norm", nodes, { members: [0, 0, 1] }), "BAD_FIELD");
    refused(story.refusal("diverged"), "BAD_FIELD");
    refused(story.refusal("norm", nodes, { base: sha256(job.id) }), "RECORD_MISMATCH");
    expectRefused(chain, story.refusal("norm", nodes, { round: 2 }), "WRONG_ROUND");
    const stranger = nodes.find((node) => !job.team.includes(node)) ?? -1;
    expectRefused(chain, story.refusal("norm", nodes, { manager: stranger }), "NOT_ASSIGNED");
    const other = job.participants.map(({ node }) => ({
      node,
      updateHash: sha256(Uint8Array.of(node)),
      check: 2,
    }));
    refused(story.refusal("norm", nodes, { refused: other }), "RECORD_MISMATCH");
    const twice = story.nodes.slice(0, 1).flatMap((node) => {
      const updateHash = job.participants[0]?.updateHash ?? new Uint8Array(32);
      return [0, 1].map(() => ({ node, updateHash, check: 2 }));
    });
    refused(story.refusal("norm", nodes, { refused: twice }), "RECORD_MISMATCH");
    story.record();
    expectRefused(chain, story.refusal("norm"), "WRONG_PHASE");
  });

  it("does not count signatures that do not hold", () => {
    const story = new Story().reveal();
    const signed = story.refusal("norm");
    const value = signed.transaction.payload.value as { cosignatures: { signature: Uint8Array }[] };
    const forged = value.cosignatures.map((one, i) =>
      i === 1 ? { ...one, signature: value.cosignatures[0]?.signature } : one,
    );
    const manager = story.chain.personOfNode(story.job.team[0] ?? -1);
    const payload = { ...value, cosignatures: forged } as never;
    const bad = story.chain.transaction(manager, "job-refuse", payload, { fee: 0n });
    const { chain } = story;
    const check = (one: SignedTransaction) =>
      verifyTransactionSync(chain.head.state, chain.genesisRoot, one);
    check(signed);
    expectCode(() => check(bad), "BAD_SIGNATURE");
  });
});

describe("training that leaves the finite numbers", () => {
  it("ends the job as soon as no quorum can come", () => {
    const story = new Story();
    const { chain, nodes } = story;
    const [first = -1, second = -1] = nodes;
    chain.advance(divergence(chain, story.job, first));
    expect(phaseOf(story.job), "three of four may still deliver").to.equal("training");
    chain.advance(divergence(chain, story.job, second));
    expect(story.end).to.deep.equal(["failed", "diverged", 0]);
    expect(story.job.refused.map(({ node, check }) => [node, check])).to.deep.equal(
      [first, second].toSorted((a, b) => a - b).map((node) => [node, 0]),
    );
    expect(story.settle().refund).to.equal(story.job.escrow - 1000n);
  });

  it("audits and pays what the others had delivered", () => {
    const story = new Story();
    const { chain, nodes } = story;
    chain.advance(...commits(chain, story.job, 2));
    for (const node of nodes.slice(2)) chain.advance(divergence(chain, story.job, node));
    expect(story.end).to.deep.equal(["failed", "diverged", 0]);
    expect(story.settle().participants).to.equal(6_000n * 10n);
  });

  it("holds up neither a round that has its quorum nor the next round", () => {
    const story = new Story();
    const { chain, nodes } = story;
    chain.advance(...commits(chain, story.job, 3));
    expect(phaseOf(story.job)).to.equal("training");
    chain.advance(divergence(chain, story.job, nodes[3] ?? -1));
    expect(phaseOf(story.job)).to.equal("revealing");
    story.record();
    expect(hopeless(story.job)).to.equal(undefined);
    story.reveal();
    expect(story.job.participants.every(({ units: samples }) => samples > 0)).to.equal(true);
  });

  it("is one answer a round, of a participant, and earns and costs nothing", () => {
    const story = new Story();
    const { chain, nodes } = story;
    const [first = -1, second = -1] = nodes;
    const before = chain.head.state.nodes.at(first);
    chain.advance(divergence(chain, story.job, first));
    expect(chain.head.state.nodes.at(first)).to.deep.equal(before);
    expectRefused(chain, divergence(chain, story.job, first), "ALREADY_DONE");
    chain.advance(...commits(chain, story.job).filter((_, i) => i === 1));
    expectRefused(chain, divergence(chain, story.job, second), "ALREADY_DONE");
    const told = { job: story.job.id, round: 1 };
    const outside = chain.transaction(chain.client, "job-diverged", told, { fee: 0n });
    expectRefused(chain, outside, "NOT_ASSIGNED");
  });

  it("is not the answer of a participant that objected to the order", () => {
    const story = new Story({ quorum: 2 });
    const { chain, nodes } = story;
    const [first = -1] = nodes;
    chain.advance(objection(chain, story.job, first, "declined"));
    expectRefused(chain, divergence(chain, story.job, first), "ALREADY_DONE");
  });
});
