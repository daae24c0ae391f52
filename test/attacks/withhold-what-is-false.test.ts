/**
 * A node claims more than it worked, and withholds instead of being found false. What it can do: skip any part of the
 * work, serve nobody, or only what is right, or only committees what is right. Its twin has the same machine and
 * claims what it worked. Withholding costs no bond and little trust, so it must cost more than it gains in everything else.
 */
import { expect } from "chai";
import { type Ledger, ledgerOf, type Strategy, WindowRounds } from "../sim/window-rounds.ts";

const NODES = 8;
const [CHEAT, TWIN, VICTIM] = [0, 1, 2];
const WINDOWS = 40;
const SEEDS = 6;
/** Of a little withholding little is seen, and what is seen fades: it takes more runs to tell. */
const SEEDS_OF_LITTLE = 12;
const CLAIMED = 100;

const POLICIES: Readonly<Record<string, Strategy["serves"]>> = {
  "serves nobody": () => false,
  "serves what is right": (isFalse) => !isFalse,
  "serves committees what is right": (isFalse, isCommittee) => isCommittee && !isFalse,
  "serves verifiers what is right, committees nothing": (isFalse, isCommittee) =>
    !isCommittee && !isFalse,
};
const SKIPS = [0.02, 0.1, 0.3, 0.6, 0.95];

interface Outcome {
  readonly before: Ledger;
  readonly cheat: Ledger;
  readonly twin: Ledger;
  readonly victim: Ledger;
}

/** Means over the seeds; ratings also over all windows. */
function played(skips: number, serves: Strategy["serves"]): Outcome {
  const sum = { before: ZERO, cheat: ZERO, twin: ZERO, victim: ZERO };
  const seeds = skips < 0.1 ? SEEDS_OF_LITTLE : SEEDS;
  for (let seed = 1; seed <= seeds; seed++) {
    const worked = Math.round(CLAIMED * (1 - skips));
    const rounds = new WindowRounds({
      nodes: NODES,
      seed,
      parameters: { workReward: 6_400_000n, verifiers: 3, segmentsPerVerifier: 4 },
      strategies: {
        [CHEAT]: { claims: CLAIMED, skips, serves },
        [TWIN]: { claims: worked, skips: 0, serves: () => true },
      },
    });
    const before = ledgerOf(rounds, CHEAT);
    const ratings = { [CHEAT]: 0, [TWIN]: 0, [VICTIM]: 0 };
    for (let window = 0; window < WINDOWS; window++) {
      rounds.run(1);
      for (const node of [CHEAT, TWIN, VICTIM]) {
        ratings[node] = (ratings[node] ?? 0) + ledgerOf(rounds, node).rating / WINDOWS;
      }
    }
    const after = (node: number): Ledger => {
      return { ...ledgerOf(rounds, node), rating: ratings[node] ?? 0 };
    };
    sum.before = plus(sum.before, before, seeds);
    sum.cheat = plus(sum.cheat, after(CHEAT), seeds);
    sum.twin = plus(sum.twin, after(TWIN), seeds);
    sum.victim = plus(sum.victim, after(VICTIM), seeds);
  }
  return sum;
}

const ZERO = { balance: 0, bond: 0, rating: 0, weight: 0 };

function plus(a: Ledger, b: Ledger, parts: number): Ledger {
  return {
    balance: a.balance + b.balance / parts,
    bond: a.bond + b.bond / parts,
    rating: a.rating + b.rating / parts,
    weight: a.weight + b.weight / parts,
  };
}

describe("attack: withhold false updates", function () {
  this.timeout(120_000);

  for (const [policy, serves] of Object.entries(POLICIES)) {
    it(`${policy}: earns no more than honest work of the same machine, and is trusted less`, () => {
      for (const skips of SKIPS) {
        const { before, cheat, twin, victim } = played(skips, serves);
        process.stdout.write(
          `      skips ${skips}: cheat ${show(before)} -> ${show(cheat)}, twin -> ${show(twin)}, others -> ${show(victim)}\n`,
        );
        const gained = cheat.balance - before.balance;
        const honest = twin.balance - before.balance;
        // Sampling error of the draws; what is certain is what it loses of its rating.
        expect(gained, `income, skipping ${skips}`).to.be.at.most(honest * 1.05);
        expect(cheat.rating, `rating, skipping ${skips}`).to.be.below(twin.rating);
        expect(cheat.bond, "silence costs no bond").to.be.closeTo(before.bond, 1);
      }
    });
  }

  it("a node is found false when it serves work that it did not do", () => {
    const { before, cheat, twin } = played(0.3, () => true);
    expect(cheat.bond).to.be.below(before.bond / 2);
    expect(cheat.balance).to.be.below(twin.balance);
  });
});

/** Balance, bond, rating and capacity. */
function show({ balance, bond, rating, weight }: Ledger): string {
  return [balance, bond, rating, weight].map((one) => Math.round(one)).join("/");
}
