/**
 * A participant of a search claims units that it has not searched: a quarter of them, one now and then, all, or a part
 * of every unit. Gain sought: pay for work that cost nothing. Must hold: a replay finds a part x that was left out with
 * probability x at least, and what that costs is more than all the pay of the job; over 200 leases it is poorer than an
 * honest node, and of 200 honest leases none is found false.
 */
import { expect } from "chai";
import { isOut, phaseOf } from "../../chain/job/phase.ts";
import { SearchStory } from "../helpers/search-run.ts";
import { Random } from "../sim/random.ts";

/** Of a claim. */
const UNITS = 4;
const PRICE = 100_000n;
const HONEST_ROUNDS = 67;
const SEEDS = 4;

/** Which of the units of a claim are left out. */
type Policy = (units: readonly bigint[], random: Random) => readonly bigint[];

const POLICIES: Readonly<Record<string, { readonly part: number; readonly leaveOut: Policy }>> = {
  nothing: { part: 0, leaveOut: () => [] },
  "one unit of a claim in five": {
    part: 0.05,
    leaveOut: (units, random) => (random.chance(0.2) ? units.slice(0, 1) : []),
  },
  "a quarter of its units": { part: 0.25, leaveOut: (units) => units.slice(0, 1) },
  "another quarter each time": {
    part: 0.25,
    leaveOut: (units, random) => {
      const from = random.between(0, UNITS - 1);
      return units.slice(from, from + 1);
    },
  },
  "half of them": { part: 0.5, leaveOut: (units) => units.slice(0, UNITS / 2) },
  "a part of every unit": { part: 0.25, leaveOut: (units) => units },
  "all of them": { part: 1, leaveOut: (units) => units },
};

interface Outcome {
  readonly claims: number;
  readonly isCaught: boolean;
  /** Balance and bond of the cheat, before and after. */
  readonly before: bigint;
  readonly after: bigint;
  readonly rating: bigint;
  /** What its work would have cost, at the price that it is paid. */
  readonly saved: bigint;
  readonly honestAtFault: number;
}

function played(leaveOut: Policy, part: number, rounds: number, seed: number): Outcome {
  const random = new Random(seed);
  const story = new SearchStory({
    order: {
      participants: 3,
      prefix: Uint8Array.of(seed),
      pricePerUnit: PRICE,
      to: 1000n + BigInt(rounds * 3 * UNITS * 64),
    },
  });
  const { node: cheat } = story.participant(0);
  const worth = (): bigint => story.balance(cheat) + story.chain.head.state.nodes.at(cheat).bond;
  const before = worth();
  let claims = 0;
  for (let round = 0; round < rounds && phaseOf(story.job) === "training"; round++) {
    const { open } = story;
    const able = story.job.participants.filter((participant) => !isOut(participant));
    if (!able.some(({ node }) => node === cheat)) break;
    const commits = able.map(({ node }, place) => {
      const units = open.slice(place * UNITS, (place + 1) * UNITS);
      if (node !== cheat) return story.commit(node, units);
      claims++;
      return story.commit(node, units, leaveOut(units, random));
    });
    story.advance(...commits);
    story.advance(story.record());
    story.advance();
    story.advance(...story.answers());
  }
  story.audited();
  const isCaught = isOut(story.participant(0));
  const others = story.job.participants.slice(1);
  // What it was paid by the settlement, had the job ended now.
  const paid = isCaught ? 0n : story.participant(0).paidUnits * PRICE;
  const { rating } = story.chain.head.state.nodes.at(cheat);
  return {
    claims,
    isCaught,
    before,
    after: worth() + paid,
    rating,
    saved: BigInt(Math.round(1000 * part * claims * UNITS)) * (PRICE / 1000n),
    honestAtFault: others.filter(({ fault }) => fault !== 0).length,
  };
}

describe("attack: claim what was not searched", function () {
  this.timeout(300_000);

  it("of 200 honest leases none is found false", () => {
    const { isCaught, honestAtFault, claims, before, after } = played(
      () => [],
      0,
      HONEST_ROUNDS,
      1,
    );
    expect({ isCaught, honestAtFault }).deep.equal({ isCaught: false, honestAtFault: 0 });
    expect(3 * claims).least(200);
    expect(after - before).equal(BigInt(claims * UNITS) * PRICE);
  });

  for (const [name, { part, leaveOut }] of Object.entries(POLICIES)) {
    if (part === 0) continue;
    it(`leaving out ${name} loses money`, () => {
      // A rare fault needs more claims until it is met; 67 of a node are what the honest one had.
      const rounds = part < 0.1 ? 30 : 20;
      const seeds = part < 0.1 ? 2 : SEEDS;
      const outcomes = Array.from({ length: seeds }, (_, seed) =>
        played(leaveOut, part, rounds, seed + 1),
      );
      const total = (of: (outcome: Outcome) => bigint): bigint =>
        outcomes.reduce((sum, outcome) => sum + of(outcome), 0n);
      const caught = outcomes.filter(({ isCaught }) => isCaught).length;
      const claims = outcomes.reduce((sum, outcome) => sum + outcome.claims, 0);
      const gain = total(({ after }) => after) - total(({ before }) => before);
      const saved = total((outcome) => outcome.saved);
      const honest = BigInt(claims * UNITS) * PRICE;
      process.stdout.write(
        `      ${name}: caught ${caught} of ${seeds} after ${(claims / seeds).toFixed(1)} claims; worth ${gain >= 0n ? "+" : ""}${gain}, saved ${saved}; honest +${honest}\n`,
      );
      if (part >= 0.25) expect(caught).equal(seeds);
      expect(caught).above(0);
      expect(gain + saved < honest, "poorer than honest work").equal(true);
      expect(gain + saved < 0n, "poorer than no work").equal(true);
      for (const { isCaught, rating, honestAtFault } of outcomes) {
        expect(honestAtFault).equal(0);
        if (isCaught) expect(rating).equal(0n);
      }
    });
  }

  it("gains nothing, whatever part is left out: the expected cost of replays grows with the part as the gain does", () => {
    const { parameters } = new SearchStory().chain.head.state;
    const share = BigInt(parameters.falseWorkShare);
    for (const percent of [1n, 5n, 10n, 25n, 50n, 75n, 100n]) {
      for (const units of [1n, 8n, 64n, 1000n, 65_536n]) {
        for (const bond of [parameters.minBond, 1000n * parameters.minBond]) {
          const pay = units * PRICE;
          // At a cost of all the pay, the most that there is to save.
          const gain = percent * pay;
          const loss = percent * (pay + (bond * share) / 1_000_000n);
          expect(loss > gain).equal(true);
        }
      }
    }
  });
});
