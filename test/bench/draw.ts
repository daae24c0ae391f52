/**
 * How fair the draws are, over the chain's own functions: the share of blocks of a coalition that
 * skips turns to move the randomness, with and without the price of a skip; the places it gets in other draws by
 * every means; and a chi-square of honest draws. Seeded: the same figures every time.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { proposerOrder } from "../../chain/draw/mix.ts";
import { standardParameters } from "../../chain/genesis.ts";
import { chiSquare } from "../helpers/statistics.ts";
import { grindDraws } from "../sim/draw-grinder.ts";
import { runSkipper } from "../sim/skipper.ts";
import type { BenchOptions } from "./main.ts";

const SEATS = 100;
const SHARES = [5, 10, 20, 33] as const;
const UNIT = 1_000_000n;
const { drawDelay: DRAW_DELAY } = standardParameters(new Uint8Array(32));

/** Ways weight may be spread over the seats, in millionths of the average. */
const DISTRIBUTIONS: Readonly<Record<string, readonly bigint[]>> = {
  equal: Array.from({ length: SEATS }, () => UNIT),
  // A few hold most: weight of rank r as 1/r.
  zipf: Array.from({ length: SEATS }, (_, rank) => (UNIT * 20n) / BigInt(rank + 1)),
  // One holds half.
  whale: Array.from({ length: SEATS }, (_, i) => (i === 0 ? UNIT * BigInt(SEATS - 1) : UNIT)),
};

interface Coalition {
  readonly weights: readonly bigint[];
  readonly coalition: ReadonlySet<number>;
}

/** Ways to hold a share of the weight. Many small seats see more of the future than a large one. */
const COALITIONS: Readonly<Record<string, (percent: number) => Coalition>> = {
  "small seats": (percent) => ({
    weights: Array.from({ length: SEATS }, () => UNIT),
    coalition: new Set(Array.from({ length: percent }, (_, i) => i)),
  }),
  // Beside ninety-nine equal ones.
  "one seat": (percent) => ({
    weights: Array.from({ length: SEATS }, (_, i) =>
      i === 0 ? (UNIT * BigInt(99 * percent)) / BigInt(100 - percent) : UNIT,
    ),
    coalition: new Set([0]),
  }),
};

export async function bench({ quick, json }: BenchOptions): Promise<object> {
  const heights = quick ? 6_000 : 200_000;
  const skippers = [];
  for (const [coalition, seatsOf] of Object.entries(COALITIONS)) {
    for (const percent of SHARES) {
      skippers.push({ coalition, weight: percent, ...skipping(heights, seatsOf(percent)) });
      if (!json) process.stderr.write(`  ${coalition}, ${percent} % of the weight: done\n`);
    }
  }
  const draws = quick ? 20_000 : 200_000;
  const honest = Object.entries(DISTRIBUTIONS).map(([distribution, weights]) => {
    const { statistic, degreesOfFreedom, pValue } = honestDraws(weights, draws);
    const figures = { statistic: rounded(statistic), degreesOfFreedom, pValue: rounded(pValue) };
    return { distribution, draws, ...figures };
  });
  const grinders = SHARES.flatMap((percent) => {
    if (!json) process.stderr.write(`  grinding with ${percent} % of the weight\n`);
    return [false, true].map((withholds) => grinding(quick ? 100 : 4_000, percent, withholds));
  });
  return {
    heights,
    standardErrorPercent: rounded(50 / Math.sqrt(heights)),
    skippers,
    grinders,
    honest,
  };
}

/** Shares of the places in draws for work and of first turns, and what skipped turns cost for each of the draws. */
function grinding(draws: number, percent: number, withholds: boolean) {
  const options = { seed: 1, draws, percent, withholds, frozen: true, delay: DRAW_DELAY };
  const { shares, orders, skips, paid, weight } = grindDraws(options);
  const all = draws * Object.keys(shares).length;
  return {
    weight: percent,
    withholds,
    draws,
    ...Object.fromEntries(Object.entries(shares).map(([kind, share]) => [kind, inPercent(share)])),
    teamsOfOwnOrders: inPercent(orders),
    skipsPerDraw: rounded(skips / all),
    blockRewardsPaidPerDraw: rounded(paid / all),
    weightAtTheEnd: inPercent(weight),
  };
}

function skipping(heights: number, seats: Coalition) {
  const base = { seed: 1, heights, ...seats };
  const free = runSkipper({ ...base, penalty: false, mindsMoney: false });
  const paid = runSkipper({ ...base, penalty: true, mindsMoney: true });
  const stubborn = runSkipper({ ...base, penalty: true, mindsMoney: false });
  return {
    withPenalty: inPercent(paid.share),
    withoutPenalty: inPercent(free.share),
    atAnyPrice: inPercent(stubborn.share),
    incomeAtAnyPrice: inPercent(stubborn.income),
    skipsPerBlock: rounded(free.skips),
    skipsPerBlockPaid: rounded(paid.skips),
  };
}

/** First turns of many heights, from mixes that nobody moved. */
function honestDraws(weights: readonly bigint[], draws: number) {
  const seats = weights.map((weight) => ({ weight }));
  const seen = weights.map(() => 0);
  for (let height = 0; height < draws; height++) {
    const mix = taggedHash("poml/bench-draw", uint32Bytes(height));
    const [first = -1] = proposerOrder(mix, height, seats, 1);
    seen[first] = (seen[first] ?? 0) + 1;
  }
  return chiSquare(seen, weights);
}

function inPercent(share: number): number {
  return rounded(100 * share);
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
