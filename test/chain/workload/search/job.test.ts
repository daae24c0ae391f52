import { expect } from "chai";
import { endingPrice } from "../../../../chain/job/ending-price.ts";
import { outcomeOf, phaseOf } from "../../../../chain/job/phase.ts";
import { jobPrice } from "../../../../chain/job/price.ts";
import { ALL_SEGMENTS } from "../../../../chain/types/audit.ts";
import type { Job } from "../../../../chain/types/job.ts";
import type { SearchFind } from "../../../../chain/types/search.ts";
import { MAX_CLAIM_UNITS } from "../../../../chain/workload/search/check.ts";
import { MAX_IDLE_ROUNDS } from "../../../../chain/workload/search/round.ts";
import { searchProgress } from "../../../../chain/workload/search/search-of.ts";
import { MOST_SHARE } from "../../../../chain/workload/search/statistics.ts";
import { TestChain } from "../../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../../helpers/expect-transaction.ts";
import { divergence, openJob, roundRefusal } from "../../../helpers/job-run.ts";
import {
  EVERYTHING,
  NOTHING,
  type SearchOrder,
  SearchStory,
  searchOrder,
  targetFor,
} from "../../../helpers/search-run.ts";

const FIRST = 0;
const ALL = 1;
const BEST = 2;

/** An order with so many finds among its nonces. */
function withFinds(finds: number, order: Partial<SearchOrder> = {}): Partial<SearchOrder> {
  return { ...order, target: targetFor(searchOrder("search", order), finds) };
}

function findsOf(job: Job): readonly SearchFind[] {
  return searchProgress(job).finds;
}

function expectWhole({ escrow, settlement }: Job): void {
  const { participants, managers, auditors, fee, refund, burned, bonus } = settlement;
  expect(participants + managers + auditors + fee + refund + burned + bonus).equal(escrow);
}

describe("a search on the chain", () => {
  it("with mode first ends with the find, and pays its finder the bonus", () => {
    const story = new SearchStory({ order: withFinds(1, { findBonus: 5_000_000n }) });
    while (phaseOf(story.job) === "training") story.round(2);
    expect(outcomeOf(story.job)).equal("target");
    const [find] = findsOf(story.job);
    if (find === undefined) throw new Error("nothing found");
    expect(story.findsIn(find.node, (find.nonce - 1000n) / 64n)).deep.equal([find]);
    const before = story.balance(find.node);
    story.settled();
    const { job } = story;
    const units = job.participants.find(({ node }) => node === find.node)?.paidUnits ?? 0n;
    expect(story.balance(find.node) - before >= units * 1000n + 5_000_000n).equal(true);
    expect(job.settlement.bonus).equal(5_000_000n);
    expect(job.settlement.managers).equal(job.settlement.participants / 10n);
    expectWhole(job);
  });

  it("with mode all finds all of them, over several rounds, and shares the bonus", () => {
    const order = withFinds(5, { mode: ALL, findBonus: 1_000_003n });
    const story = new SearchStory({ order });
    while (phaseOf(story.job) === "training") story.round(2);
    expect(outcomeOf(story.job)).equal("complete");
    expect(findsOf(story.job)).has.length(5);
    story.settled();
    expect(story.job.settlement.bonus).equal(1_000_000n);
    expect(story.job.settlement.participants).equal(24_000n);
    expectWhole(story.job);
  });

  it("with mode all ends when the list of finds is full", () => {
    const story = new SearchStory({ order: { mode: ALL, target: EVERYTHING } });
    for (let round = 1; round <= 4; round++) {
      const { node } = story.participant(0);
      const unit = BigInt(round - 1);
      story.commitAll([unit], [], [], []);
      story.advance(story.record({ finds: story.findsIn(node, unit).slice(0, 16) }));
    }
    expect(outcomeOf(story.job)).equal("target");
    expect(findsOf(story.job)).has.length(64);
  });

  it("with mode best goes on to the end, and keeps the smallest digest", () => {
    const story = new SearchStory({ order: { mode: BEST, target: EVERYTHING, findBonus: 77n } });
    let kept = 0;
    while (phaseOf(story.job) === "training") {
      story.round(1);
      expect(findsOf(story.job)).has.length(1);
      kept++;
    }
    expect(kept).equal(6);
    const [best] = findsOf(story.job);
    expect(best?.digest).deep.equal(targetFor(story.spec, 1));
    story.settled();
    expect(story.job.settlement.bonus).equal(77n);
  });

  it("without a find is complete when all is covered, and the bonus goes back", () => {
    const story = new SearchStory({ order: { findBonus: 5_000_000n } });
    const { escrow, opening, spec } = story.job;
    expect(escrow - opening >= jobPrice(spec, story.chain.head.state.parameters)).equal(true);
    story.round();
    expect(outcomeOf(story.job)).equal("complete");
    expect(story.open).deep.equal([]);
    story.settled();
    expect(story.job.settlement).to.include({ bonus: 0n, participants: 24_000n });
    expect(story.job.settlement.refund >= 5_000_000n).equal(true);
    expectWhole(story.job);
  });

  it("counts a node that got no lease for the quorum, and neither audits nor pays it", () => {
    const story = new SearchStory({ order: { quorum: 4 } });
    story.commitAll(story.open, [], [], []);
    expect(phaseOf(story.job)).equal("revealing");
    story.advance(story.record());
    expect(story.job.audits.map(({ node }) => node)).deep.equal([story.participant(0).node]);
    story.settled();
    expect(story.job.participants.map(({ paidUnits }) => paidUnits)).deep.equal([24n, 0n, 0n, 0n]);
  });

  it("keeps what a round left open for the next one, in pieces", () => {
    const story = new SearchStory();
    story.commitAll([0n, 1n], [4n], [9n, 10n], []);
    story.advance(story.record());
    expect(searchProgress(story.job)).to.deep.include({
      open: [
        { from: 2n, to: 4n },
        { from: 5n, to: 9n },
        { from: 11n, to: 24n },
      ],
      claimed: 5n,
      idleRounds: 0,
    });
    expect(endingPrice(story.job, story.chain.head.state.parameters)).equal(1900n);
  });

  it("is over when rounds are recorded in which nothing is searched, and its client gets its money", () => {
    const story = new SearchStory();
    for (let round = 0; round < MAX_IDLE_ROUNDS; round++) {
      expect(phaseOf(story.job)).equal("training");
      story.commitAll();
      story.advance(story.record());
    }
    expect(outcomeOf(story.job)).equal("stalled");
    expect(story.job.round).equal(MAX_IDLE_ROUNDS);
    story.settled();
    const { escrow, opening, settlement } = story.job;
    expect(settlement.refund).equal(escrow - opening);
  });

  it("goes on to the end where records had to leave units open that were claimed, and pays what was ordered", () => {
    const story = new SearchStory();
    story.commitAll(...story.dealt());
    story.advance(story.record({ open: [{ from: 0n, to: 10n }] }));
    expect(searchProgress(story.job).claimed).equal(24n);
    story.commitAll(...story.dealt());
    story.advance(story.record());
    expect(outcomeOf(story.job)).equal("complete");
    story.settled();
    const { paid, earned } = {
      paid: story.job.participants.reduce((sum, { paidUnits }) => sum + paidUnits, 0n),
      earned: story.job.settlement.participants,
    };
    expect(paid).equal(34n);
    expect(earned <= 24_000n && earned > 23_990n).equal(true);
    expectWhole(story.job);
  });

  it("searches units a second time where the order asks for it, and pays both", () => {
    const story = new SearchStory({ order: { redundancy: 50 } });
    const again = story.open.slice(0, 12);
    story.commitAll(story.open, again, [], []);
    story.advance(story.record());
    story.settled();
    expect(story.job.settlement.participants).equal(36_000n);
    expectWhole(story.job);
  });

  it("replays a claim whole when the record raises an alarm for it", () => {
    const story = new SearchStory();
    story.commitAll(...story.dealt());
    const [first, second] = [story.participant(0).node, story.participant(1).node];
    story.advance(story.record({}, { doubted: [first] }));
    story.advance();
    const segments = new Map(story.job.audits.map(({ node, segment }) => [node, segment]));
    expect(segments.get(first)).equal(ALL_SEGMENTS);
    expect(segments.get(second)).below(6);
    story.settled();
    expect(story.job.participants.map(({ paidUnits }) => paidUnits)).deep.equal([6n, 6n, 6n, 6n]);
    expect(story.changes.filter(({ fault }) => fault !== 0)).deep.equal([]);
  });

  it("puts a node out that claims unsearched units, and gives it no part of the bonus", () => {
    const order = withFinds(1, { mode: ALL, findBonus: 5_000_000n });
    const story = new SearchStory({ order });
    const unit = story.open.find((one) => story.findsIn(0, one).length > 0);
    if (unit === undefined) throw new Error("no unit with a find");
    const { participants } = story.job;
    const others = story.open.filter((one) => one !== unit);
    // It searched the unit with the find, and one more of the six that it claims.
    const claimed = [unit, ...others.slice(0, 5)];
    const [cheat, ...honest] = participants.map(({ node }) => node);
    story.advance(
      story.commit(cheat ?? -1, claimed, claimed.slice(2)),
      ...honest.map((node, i) => story.commit(node, others.slice(5 + 6 * i, 11 + 6 * i))),
    );
    story.advance(story.record({}, { doubted: [cheat ?? -1] }));
    story.settled();
    expect(findsOf(story.job)).has.length(1);
    expect(story.job.participants[0]).to.include({ fault: 1, paidUnits: 0n });
    expect(story.job.settlement.bonus).equal(0n);
    expect(story.job.settlement.participants).equal(18_000n);
    expectWhole(story.job);
  });

  it("neither audits nor pays a claim that the record leaves out, nor punishes for it", () => {
    const story = new SearchStory();
    story.commitAll(...story.dealt());
    const { node } = story.participant(3);
    const rating = story.chain.head.state.nodes.at(node).rating;
    const open = [{ from: 3n, to: 24n }];
    story.advance(story.record({ open }, { leaveOut: [node] }));
    expect(story.job.audits.map((audit) => audit.node)).not.to.include(node);
    story.audited();
    expect(story.job.participants[3]).to.include({ paidUnits: 0n, fault: 0 });
    expect(story.chain.head.state.nodes.at(node).rating).equal(rating);
  });

  it("has claims audited and paid where no record comes", () => {
    const story = new SearchStory();
    story.commitAll(...story.dealt());
    while (phaseOf(story.job) !== "failed") story.advance();
    expect(outcomeOf(story.job)).equal("no-record");
    story.settled();
    expect(story.job.settlement.participants).equal(24_000n);
    expectWhole(story.job);
  });

  it("ends when too few claims of a round fit the log of leases, and what was searched is paid", () => {
    const story = new SearchStory({ order: { quorum: 4 } });
    story.commitAll(...story.dealt());
    const { node } = story.participant(0);
    story.advance(roundRefusal(story.chain, story.job, [{ node, check: "range" }]));
    expect(outcomeOf(story.job)).equal("refused");
    expect(story.job.refused.map((one) => one.node)).deep.equal([node]);
    story.settled();
    expect(story.job.participants.map(({ paidUnits }) => paidUnits)).deep.equal([6n, 6n, 6n, 6n]);
  });

  it("burns the bonus when its client cancels it while it is searched", () => {
    const story = new SearchStory({ order: { findBonus: 5_000_000n } });
    const { chain, job } = story;
    const ending = endingPrice(job, chain.head.state.parameters);
    story.advance(chain.transaction(chain.client, "job-cancel", { job: job.id }));
    story.settled();
    expect(story.job.settlement.burned).equal(job.opening + ending + 5_000_000n);
    expectWhole(story.job);
  });
});

describe("records of a search", () => {
  const story = new SearchStory({ order: withFinds(3, { mode: ALL }) });
  const { target } = story.search;
  story.commitAll([0n, 1n], [2n], [], [23n]);
  const node = story.participant(0).node;
  const idle = story.participant(2).node;
  const inOrder = story.job.participants.map((one) => one.node).sort((a, b) => a - b);
  const [at, idleAt] = [inOrder.indexOf(node), inOrder.indexOf(idle)];
  const outsider = [0, 1, 2, 3, 4, 5, 6, 7].find(
    (one) => !story.job.participants.some((participant) => participant.node === one),
  );
  const find = (nonce: bigint, by = node, digest = target): SearchFind => {
    return { nonce, digest, node: by };
  };
  const above = Uint8Array.from(target, (byte, i) => (i === 31 ? byte + 1 : byte));
  const refusals = {
    "units that were covered before": { open: [{ from: 0n, to: 30n }] },
    "more units covered than were claimed": { open: [{ from: 5n, to: 23n }] },
    "pieces out of order": {
      open: [
        { from: 9n, to: 23n },
        { from: 3n, to: 8n },
      ],
    },
    "pieces that touch": {
      open: [
        { from: 3n, to: 8n },
        { from: 8n, to: 23n },
      ],
    },
    "an empty piece": { open: [{ from: 3n, to: 3n }] },
    "a find above the target": { finds: [find(1000n, node, above)] },
    "a find outside the search": { finds: [find(999n)] },
    "a find beyond the search": { finds: [find(1000n + 24n * 64n)] },
    "finds out of order": { finds: [find(1002n), find(1001n)] },
    "one find twice": { finds: [find(1001n), find(1001n)] },
    "a find of a node that contributed nothing": { finds: [find(1001n, outsider)] },
    "an alarm for a node without units": { alarms: [idle] },
    "an alarm for a stranger": { alarms: [outsider ?? -1] },
    "an alarm that does not follow from the shares": { alarms: [node] },
    "shares that raise an alarm, without the alarm": {
      shares: [0n, 0n, 0n, 0n].with(at, MOST_SHARE),
      alarms: [],
    },
    "fewer shares than contributions": { shares: [0n, 0n, 0n] },
    "more shares than contributions": { shares: [0n, 0n, 0n, 0n, 0n] },
    "a share of a node without units": { shares: [0n, 0n, 0n, 0n].with(idleAt, 1n) },
    "a share above the most that its units can have": {
      shares: [0n, 0n, 0n, 0n].with(at, 2n * MOST_SHARE + 1n),
    },
  } as const;

  for (const [what, changes] of Object.entries(refusals)) {
    it(`refuse RECORD_MISMATCH for ${what}`, () => {
      expectRefused(story.chain, story.record({ ...changes } as object), "RECORD_MISMATCH");
    });
  }

  it("may take all that the participants claimed, or less", () => {
    expectApplies(story.chain, story.record());
    expectApplies(story.chain, story.record({ open: [{ from: 1n, to: 24n }] }));
  });

  it("refuse a second find with mode first, a larger one with mode best, and one that is known", () => {
    const first = new SearchStory({ order: { mode: FIRST, target: EVERYTHING } });
    first.commitAll([0n], [], [], []);
    const finds = first.findsIn(first.participant(0).node, 0n);
    expectRefused(first.chain, first.record({ finds: finds.slice(0, 2) }), "RECORD_MISMATCH");
    expectApplies(first.chain, first.record({ finds: finds.slice(0, 1) }));

    for (const mode of [BEST, ALL]) {
      const other = new SearchStory({ order: { mode, target: EVERYTHING } });
      other.commitAll([0n], [], [], []);
      const own = other.findsIn(other.participant(0).node, 0n);
      const [smallest] = [...own].sort((a, b) => (a.digest < b.digest ? -1 : 1));
      other.advance(other.record({ finds: smallest === undefined ? [] : [smallest] }));
      other.commitAll([1n], [], [], []);
      const same = other.record({ finds: smallest === undefined ? [] : [smallest] });
      expectRefused(other.chain, same, "RECORD_MISMATCH");
    }
  });
});

describe("orders to search", () => {
  const chain = new TestChain();
  const opening = (change: Partial<SearchOrder>) => {
    const spec = searchOrder("search", change);
    return chain.transaction(chain.client, "job-open", { spec, escrow: 1_000_000n });
  };
  const refusals: [string, string, Partial<SearchOrder>][] = [
    ["an algorithm that is none", "spec.algorithm", { algorithm: NOTHING }],
    ["nonces of 5 bytes", "spec.nonceBytes", { nonceBytes: 5 }],
    ["a byte order nobody knows", "spec.endian", { endian: 2 }],
    ["a mode nobody knows", "spec.mode", { mode: 3 }],
    ["more redundancy than all", "spec.redundancy", { redundancy: 101 }],
    ["tiny units", "spec.unitBits", { unitBits: 5 }],
    ["huge units", "spec.unitBits", { unitBits: 33 }],
    ["free hashes", "spec.operations", { operations: 0 }],
    ["no nonces", "spec.to", { from: 5n, to: 5n }],
    ["nonces backwards", "spec.to", { from: 6n, to: 5n }],
    ["nonces of more bytes than they have", "spec.to", { nonceBytes: 4, to: 2n ** 32n + 1n }],
    ["too many nonces", "spec.to", { from: 0n, to: 2n ** 56n + 1n, unitBits: 32 }],
    ["too many units", "spec.unitBits", { from: 0n, to: 2n ** 40n, unitBits: 6 }],
    [
      "a price below the work",
      "spec.pricePerUnit",
      { unitBits: 20, pricePerUnit: 1n, to: 2n ** 21n },
    ],
    ["a price that no escrow holds", "spec.pricePerUnit", { pricePerUnit: 2n ** 60n }],
    ["a bonus that no escrow holds", "spec.findBonus", { findBonus: 2n ** 61n }],
    ["a quorum above the units", "spec.quorum", { to: 1064n, quorum: 2 }],
  ];
  for (const [what, field, change] of refusals) {
    it(`refuse BAD_FIELD for ${what}`, () => {
      expect(expectRefused(chain, opening(change), "BAD_FIELD").field).equal(field);
    });
  }

  it("take the largest search, and nonces up to the last of 4 bytes", () => {
    const paid = (change: Partial<SearchOrder>) =>
      openJob(chain, chain.client, searchOrder("search", change));
    expectApplies(chain, paid({ from: 2n ** 32n - 64n, to: 2n ** 32n, nonceBytes: 4, quorum: 1 }));
    const largest = { from: 0n, to: 2n ** 56n, unitBits: 32, operations: 1, pricePerUnit: 1000n };
    expectApplies(chain, paid(largest));
  });
});

describe("claims of a search", () => {
  const story = new SearchStory({ order: { to: 2n ** 30n } });
  const { node } = story.participant(0);
  const commit = (units: number, updateHash: Uint8Array) =>
    story.chain.transaction(
      story.chain.personOfNode(node),
      "job-commit",
      {
        job: story.job.id,
        round: 1,
        updateHash,
        checkpointRoot: NOTHING,
        units,
        workMs: 1,
        updateBytes: 1,
      },
      { fee: 0n },
    );

  it("are of no more units than a file has room for, and than are left", () => {
    expectApplies(story.chain, commit(0, EVERYTHING));
    expectApplies(story.chain, commit(MAX_CLAIM_UNITS, EVERYTHING));
    expect(
      expectRefused(story.chain, commit(MAX_CLAIM_UNITS + 1, EVERYTHING), "BAD_FIELD").field,
    ).equal("units");
    const small = new SearchStory();
    const { node: other } = small.participant(0);
    const tooMany = small.commit(other, [...small.open, 0n]);
    expectRefused(small.chain, tooMany, "BAD_FIELD");
  });

  it("name a file", () => {
    expect(expectRefused(story.chain, commit(1, NOTHING), "BAD_FIELD").field).equal("updateHash");
  });

  it("cannot diverge, since nothing is trained", () => {
    expectRefused(story.chain, divergence(story.chain, story.job, node), "BAD_FIELD");
  });
});
