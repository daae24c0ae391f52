/**
 * How fair the draws are, over the chain's own functions: the share of blocks of a coalition that
 * skips turns to move the randomness, with and without the price of a skip, and a chi-square of honest
 * draws. Seeded: the same figures every time.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { proposerOrder } from "../../chain/draw/mix.ts";
import { chiSquare } from "../helpers/statistics.ts";
import { runSkipper } from "../sim/skipper.ts";
import type { BenchOptions } from "./main.ts";

const SEATS = 100;
const SHARES = [5, 10, 20, 33] as const;
const UNIT = 1_000_000n;

/** Ways weight may be spread over the seats, in millionths of the average. */
const DISTRIBUTIONS: Readonly<Record<string, readonly bigint[]>> = {
  equal: Array.from({ length: SEATS }, () => UNIT),
  // A few hold most: weight of rank r as 1/r.
  zipf: Array.from({ length: SEATS }, (_, rank) => (UNIT * 20n) / BigInt(rank + 1)),
  // One holds half.
  whale: Array.from({ length: SEATS }, (_, i) => (i === 0 ? UNIT * BigInt(SEATS - 1) : UNIT)),
};

export async function bench({ quick, json }: BenchOptions): Promise<object> {
  const heights = quick ? 10_000 : 200_000;
  const skippers = [];
  for (const percent of SHARES) {
    const base = { seed: 1, heights, ...coalition(percent) };
    const free = runSkipper({ ...base, penalty: false, mindsMoney: false });
    const paid = runSkipper({ ...base, penalty: true, mindsMoney: true });
    const stubborn = runSkipper({ ...base, penalty: true, mindsMoney: false });
    skippers.push({
      weight: percent,
      withPenalty: inPercent(paid.share),
      withoutPenalty: inPercent(free.share),
      atAnyPrice: inPercent(stubborn.share),
      incomeAtAnyPrice: inPercent(stubborn.income),
      skipsPerBlock: rounded(free.skips),
      skipsPerBlockPaid: rounded(paid.skips),
    });
    if (!json) process.stderr.write(`  ${percent} % of the weight done\n`);
  }
  const draws = quick ? 20_000 : 200_000;
  const honest = Object.entries(DISTRIBUTIONS).map(([distribution, weights]) => {
    const { statistic, degreesOfFreedom, pValue } = honestDraws(weights, draws);
    return {
      distribution,
      draws,
      statistic: rounded(statistic),
      degreesOfFreedom,
      pValue: rounded(pValue),
    };
  });
  return { heights, standardErrorPercent: rounded(50 / Math.sqrt(heights)), skippers, honest };
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

/** So many of a hundred equal seats: many small ones see more of the future than a large one. */
function coalition(percent: number) {
  return {
    weights: DISTRIBUTIONS.equal ?? [],
    coalition: new Set(Array.from({ length: percent }, (_, i) => i)),
  };
}

function inPercent(share: number): number {
  return rounded(100 * share);
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
