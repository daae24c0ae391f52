/** Families of scenarios; the seed chooses everything that the family leaves open. */
import { exceedsThird } from "../../chain/finality/quorum.ts";
import { voteTypeIndex } from "../../chain/finality/vote.ts";
import { FAULTS, type Fault, type Scenario } from "./consensus.ts";
import type { Deafness, Message } from "./network.ts";
import { Random } from "./random.ts";

const PRECOMMIT = voteTypeIndex("precommit");

/** All but open equivocation, which has a campaign of its own. */
const SCATTERED: readonly Fault[] = ["two-faced", "chaos", "withholding", "silent"];

export type Campaign = (seed: number) => Scenario;

/** Honest nodes; before the GST messages are late and get lost. */
export const honest: Campaign = (seed) => {
  const random = new Random(seed);
  return { ...base(seed, randomWeights(random)), ...badNetwork(random) };
};

/** Honest nodes that die before, between and after journaling and sending, and start again. */
export const crashing: Campaign = (seed) => {
  const random = new Random(seed);
  const chances = { crashChance: 0.02 + 0.1 * random.next() };
  return { ...base(seed, randomWeights(random)), ...badNetwork(random), ...chances };
};

/** Long disorder: many steps are missed, and nobody is told what others know. */
export const disordered: Campaign = (seed) => {
  const random = new Random(seed);
  return {
    ...base(seed, similarWeights(random, random.between(4, 5))),
    gst: 25_000,
    deafness: { proposal: 0.3, prevote: 0.1, precommit: 0.4, answers: 1 },
    crashChance: random.chance(0.5) ? 0.03 : 0,
    heights: 2,
  };
};

/**
 * An adversary on the wire lets one node of four decide alone, and leaves another without the
 * polka, so that it proposes something else. Only the locks of the other two prevent a fork.
 */
export const lonelyDecision: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = similarWeights(random, 4);
  const [lonely, outsider] = random.shuffle([0, 1, 2, 3]);
  const deafRounds = random.between(1, 3);
  const isCensored = (to: number, message: Message): boolean => {
    switch (message.kind) {
      case "proposal":
        return to === outsider && message.proposal.round < deafRounds;
      case "vote": {
        const { seat, type } = message.vote;
        return seat === lonely && (type === PRECOMMIT || to === outsider);
      }
      default:
        return true;
    }
  };
  const crashChance = random.pick([0, 0.15]);
  return { ...base(seed, weights), gst: 20_000, isCensored, crashChance, heights: 2 };
};

/** Two against two: neither side may go on. */
export const partitionedEvenly: Campaign = (seed) => ({
  ...base(seed, [10n, 10n, 10n, 10n]),
  sides: new Random(seed).shuffle([0, 0, 1, 1]),
  isPartitioned: true,
});

/** Three against one: the three go on, the one catches up. */
export const partitionedUnevenly: Campaign = (seed) => ({
  ...base(seed, [10n, 10n, 10n, 10n]),
  sides: new Random(seed).shuffle([0, 0, 0, 1]),
  isPartitioned: true,
  gst: 15_000,
});

/** Faulty seats of any kind, always less than 1/3 of the weight; crashes and partitions too. */
export const faulty: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = randomWeights(random);
  const faults = someFaults(random, weights, SCATTERED);
  return {
    ...base(seed, weights),
    ...badNetwork(random),
    faults,
    sides: weights.map(() => random.between(0, 1)),
    isPartitioned: random.chance(0.5),
    crashChance: random.chance(0.3) ? 0.03 : 0,
  };
};

/** The strongest attack of just under 1/3: all two-faced, and the honest cut in equal halves. */
export const twoFaced: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = random.shuffle([10n, 10n, 10n, 15n, 15n, 15n, 16n]);
  return { ...split(seed, weights, [10n]), ...badNetwork(random), loss: 0.05 };
};

/** Wall clocks that are wrong: all by up to a second, some of less than 1/3 by up to an hour. */
export const skewed: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = similarWeights(random, random.between(4, 7));
  const wrong = random.between(0, weights.length - 1);
  const skews = weights.map((_, seat) => {
    if (seat !== wrong) return random.between(-1_000, 1_000);
    return random.pick([-3_600_000, -30_000, 30_000, 3_600_000]);
  });
  const chances = { crashChance: random.chance(0.3) ? 0.03 : 0 };
  return { ...base(seed, weights), ...badNetwork(random), ...chances, skews };
};

/** Twelve to sixteen seats of very different weight, less than 1/3 of it faulty. */
export const many: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = Array.from({ length: random.between(12, 16) }, () =>
    BigInt(random.between(1, 100)),
  );
  const faults = someFaults(random, weights, FAULTS);
  const network = { gst: random.between(500, 8_000), loss: 0.2 * random.next() };
  const skews = weights.map(() => random.between(-2_000, 2_000));
  return { ...base(seed, weights), ...network, faults, skews, crashChance: 0.02, heights: 2 };
};

/** Seats of less than 1/3 that contradict each of their votes, before everybody's eyes. */
export const equivocating: Campaign = (seed) => {
  const random = new Random(seed);
  // No seat decides alone, so that everybody has to hear the others.
  const weights = similarWeights(random, random.between(4, 7));
  const faults = someFaults(random, weights, ["equivocating"]);
  // Votes for a height that is over are not looked at: who starts late is caught a little later.
  return { ...base(seed, weights), gst: 0, faults, heights: 6 };
};

/** 40 % faulty, as above: more than the rules bear, so it MUST break some runs. */
export const overwhelming: Campaign = (seed) => {
  const random = new Random(seed);
  const weights = random.shuffle([20n, 20n, 15n, 15n, 15n, 15n]);
  return { ...split(seed, weights, [20n]), gst: 20_000, patienceMs: 10_000 };
};

/** Honest nodes on a lossy network that never ask each other: some runs MUST stall. */
export const incommunicative: Campaign = (seed) => {
  const scenario = honest(seed);
  return { ...scenario, loss: 0.4, asksPeers: false };
};

/** Seats of the given weights are two-faced; the others are dealt to two sides. */
function split(
  seed: number,
  weights: readonly bigint[],
  faultyWeights: readonly bigint[],
): Scenario {
  const faults = new Map<number, Fault>();
  const sides: number[] = [];
  let dealt = 0;
  for (const [seat, weight] of weights.entries()) {
    const isFaulty = faultyWeights.includes(weight);
    if (isFaulty) faults.set(seat, "two-faced");
    sides.push(isFaulty ? 0 : dealt++ % 2);
  }
  return { ...base(seed, weights), faults, sides, isPartitioned: true };
}

function base(seed: number, weights: readonly bigint[]): Scenario {
  return {
    seed,
    weights,
    sides: weights.map((_, seat) => seat % 2),
    faults: new Map(),
    isPartitioned: false,
    crashChance: 0,
    skews: [],
    asksPeers: true,
    keepsBlocks: seed % 2 === 1,
    gst: 6_000,
    loss: 0,
    deafness: evenDeafness(0),
    slowestMs: 200,
    heights: 3,
    patienceMs: 120_000,
  };
}

function evenDeafness(chance: number): Deafness {
  return { proposal: chance, prevote: chance, precommit: chance, answers: chance };
}

function randomWeights(random: Random): bigint[] {
  return Array.from({ length: random.between(4, 8) }, () => BigInt(random.between(1, 100)));
}

/** Any three of four are more than 2/3. */
function similarWeights(random: Random, count: number): bigint[] {
  return Array.from({ length: count }, () => BigInt(random.between(9, 11)));
}

function badNetwork(random: Random): Pick<Scenario, "gst" | "loss" | "deafness" | "slowestMs"> {
  return {
    gst: random.between(500, 30_000),
    loss: random.chance(0.5) ? 0.3 * random.next() : 0,
    deafness: evenDeafness(random.chance(0.7) ? 0.6 * random.next() : 0),
    slowestMs: random.pick([100, 400, 3_000]),
  };
}

/** As many faulty seats as fit below 1/3 of the weight, in random order. */
function someFaults(
  random: Random,
  weights: readonly bigint[],
  kinds: readonly Fault[],
): Map<number, Fault> {
  const faults = new Map<number, Fault>();
  for (const seat of random.shuffle([...weights.keys()])) {
    const seats = [...faults.keys(), seat];
    if (isBelowThird(weights, seats)) faults.set(seat, random.pick(kinds));
  }
  return faults;
}

function isBelowThird(weights: readonly bigint[], seats: readonly number[]): boolean {
  const sum = (of: readonly number[]): bigint =>
    of.reduce((total, seat) => total + (weights[seat] ?? 0n), 0n);
  const total = sum([...weights.keys()]);
  return 3n * sum(seats) < total && !exceedsThird(sum(seats), total);
}
