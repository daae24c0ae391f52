/**
 * Table III and figure 3 of paper 000: hashes per second of 1 to 8 nodes. Each is held to a fifth of a core, so that
 * eight of them fit on the two cores of a small machine and still get what they are due.
 */
import { blockTask, withoutFinds } from "./blocks.ts";
import { Fleet, type Order } from "./fleet.ts";
import type { Part, PartOptions } from "./part.ts";
import { digits, type Estimate, estimate, ratioOfSums } from "./statistics.ts";

const NODES = 8;
const SHARE = 0.2;
/** Devices whose rates alone are averaged in each round. */
const SINGLES = 3;
/** Hashes per second by nodes, from the paper. */
const PAPER = [339.0, 670.54, 1005.47, 1326.3, 1659.87, 1994.06, 2329.66, 2653.34] as const;

interface Rates {
  /** By nodes, from 1 on: hashes per second, round by round. */
  readonly together: readonly (readonly number[])[];
  /** Of one and of all nodes without managers, each on its own: what the machine gives. */
  readonly bareOne: readonly number[];
  readonly bareAll: readonly number[];
}

export async function table3({ quick }: PartOptions): Promise<Part> {
  const rounds = quick ? 3 : 8;
  const times = quick ? { warmUpMs: 400, ms: 800 } : { warmUpMs: 1_000, ms: 1_000 };
  const { together, bareOne, bareAll } = await measure(rounds, times);
  const one = together[0] ?? [];
  const rows = together.map((rates, index) => ({
    nodes: index + 1,
    rate: estimate(rates),
    times: ratioOfSums(rates, one),
    paper: (PAPER[index] ?? Number.NaN) / PAPER[0],
  }));
  const bare = ratioOfSums(bareAll, bareOne);
  return {
    name: "table3",
    summary: {
      scaling8: digits(rows.at(-1)?.times.mean ?? Number.NaN, 3),
      bareScaling8: digits(bare.mean, 3),
      shareOfBare8: digits(ratioOfSums(together.at(-1) ?? [], bareAll).mean, 3),
    },
    tables: [
      {
        name: "table III of paper 000",
        head: ["nodes", "hashes per second", "times one node", "in the paper"],
        rows: [
          ...rows.map(({ nodes, rate, times: ratio, paper }) => [
            `${nodes}`,
            `${millions(rate.mean)} ± ${millions(rate.spread)} million`,
            nodes === 1 ? "1" : ratioText(ratio),
            paper.toFixed(2),
          ]),
          [
            `${NODES}, without managers`,
            `${millions(estimate(bareAll).mean)} ± ${millions(estimate(bareAll).spread)} million`,
            ratioText(bare),
            "",
          ],
        ],
        note:
          `Means of ${rounds} rounds of ${times.ms / 1000} s each, with 95 % intervals. The last row is the control: ` +
          "eight processes that hash without leases or messages, against one of them, in the same rounds.",
      },
    ],
    figures: {
      "paper-000-figure-3": {
        title: "Hashes per second by nodes, each held to a fifth of a core",
        kind: "lines",
        places: { label: "nodes", names: rows.map(({ nodes }) => `${nodes}`) },
        values: { label: "hashes per second" },
        series: [
          {
            name: "measured, with 95 % intervals",
            values: rows.map(({ rate }) => rate.mean),
            spreads: rows.map(({ rate }) => rate.spread),
          },
          {
            name: "one node, times as many",
            values: rows.map(({ nodes }) => nodes * estimate(one).mean),
            isDashed: true,
          },
        ],
      },
    },
  };
}

async function measure(
  rounds: number,
  times: { readonly warmUpMs: number; readonly ms: number },
): Promise<Rates> {
  const together = Array.from({ length: NODES }, (): number[] => []);
  const bareOne: number[] = [];
  const bareAll: number[] = [];
  const fleet = await Fleet.start({ devices: NODES, share: SHARE });
  try {
    const rate = async (manner: Order["manner"], miners: readonly number[]): Promise<number> => {
      const team = manner === "alone" ? [] : miners.slice(0, 3);
      return (await fleet.rate({ ...ORDER, manner, miners, team }, times)).hashesPerSecond;
    };
    for (let round = 0; round < rounds; round++) {
      // Up and down by turns, and each time with others: what slows the machine for a while slows few and many alike.
      const devices = Array.from({ length: NODES }, (_, index) => (index + round) % NODES);
      const counts = Array.from({ length: NODES }, (_, index) => index + 1);
      for (const count of round % 2 === 0 ? counts : counts.toReversed()) {
        if (count === 1) {
          // All others are compared with it, and one process feels most of what else runs here.
          const singles = devices.slice(0, SINGLES);
          together[0]?.push(await meanOf(singles, (device) => rate("together", [device])));
          bareOne.push(await meanOf(singles, (device) => rate("alone", [device])));
          continue;
        }
        together[count - 1]?.push(await rate("together", devices.slice(0, count)));
        if (count === NODES) bareAll.push(await rate("alone", devices));
      }
    }
  } finally {
    fleet.stop();
  }
  return { together, bareOne, bareAll };
}

async function meanOf(
  devices: readonly number[],
  measured: (device: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  for (const device of devices) total += await measured(device);
  return total / devices.length;
}

const ORDER = {
  task: withoutFinds(blockTask(3, 1, 1)),
  // Half a second of a node: leases reach their size within a few.
  unitBits: 19,
  to: 2n ** 32n,
  pace: 1,
} as const;

function millions(value: number): string {
  return (value / 1e6).toFixed(2);
}

function ratioText({ mean, spread }: Estimate): string {
  return `${mean.toFixed(2)} ± ${spread.toFixed(2)}`;
}
