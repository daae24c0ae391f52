/**
 * Figures 1, 2 and 4 of paper 000: how long a block takes by nodes and difficulty, searched alone, each node the same
 * nonces, and together. Nodes are held to a fifth of a core each.
 */
import { Fleet } from "./fleet.ts";
import type { Part, PartOptions } from "./part.ts";
import { type Arm, type ArmTimes, alone, solveInTurn, together } from "./solve.ts";
import { type Estimate, estimate, ratioOfSums } from "./statistics.ts";
import type { Series } from "./svg.ts";

const COUNTS = [1, 2, 4, 8] as const;
const SHARE = 0.2;
const SEED = 2;
/** Blocks by difficulty. */
const BLOCKS: Readonly<Record<number, number>> = { 2: 30, 3: 30, 4: 30, 5: 16, 6: 3 };
const QUICK_BLOCKS: Readonly<Record<number, number>> = { 2: 6, 3: 6, 4: 6, 5: 2 };
/** Where blocks are too long for every arm. */
const LONG = 6;
const MOST = 8;
/** The lease protocol counts in seconds; the longest of these blocks take some. */
const PACE = 10;

interface Row {
  readonly difficulty: number;
  readonly times: readonly ArmTimes[];
}

export async function blockTimes({ quick }: PartOptions): Promise<Part> {
  const rows: Row[] = [];
  const fleet = await Fleet.start({ devices: MOST, share: SHARE, breathMs: 0 });
  try {
    for (const [name, blocks] of Object.entries(quick ? QUICK_BLOCKS : BLOCKS)) {
      const difficulty = Number(name);
      const solo = COUNTS.filter((count) => difficulty < LONG || count === 1 || count === MOST);
      const arms: Arm[] = [...solo.map(alone), ...COUNTS.slice(1).map(together)];
      const options = { seed: SEED, blocks, difficulty, pace: PACE };
      rows.push({ difficulty, times: await solveInTurn(fleet, arms, options) });
    }
  } finally {
    fleet.stop();
  }
  const hardest = rows.at(-1);
  const speedup = hardest === undefined ? undefined : speedupOf(hardest, MOST);
  return {
    name: "blocks",
    summary: speedup === undefined ? {} : { blockSpeedup8: Number(speedup.mean.toFixed(2)) },
    tables: [tableOf(rows)],
    figures: {
      "paper-000-figure-1": {
        title: "Searching alone: seconds to solve a block",
        kind: "bars",
        places: { label: "nodes, all at the same nonces", names: COUNTS.map(String) },
        values: { label: "seconds", isLogarithmic: true },
        series: rows.map((row) => byNodes(row, "alone")),
      },
      "paper-000-figure-2": {
        title: "Searching together under managers: seconds to solve a block",
        kind: "bars",
        places: { label: "nodes, one of them alone", names: COUNTS.map(String) },
        values: { label: "seconds", isLogarithmic: true },
        series: rows.map((row) => byNodes(row, "together")),
      },
      "paper-000-figure-4": {
        title: "Block time by difficulty",
        kind: "bars",
        places: { label: "difficulty (zeros in hexadecimal)", names: rows.map(nameOf) },
        values: { label: "seconds", isLogarithmic: true },
        series: COUNTS.map((count) => byDifficulty(rows, count)),
      },
    },
  };
}

function tableOf(rows: readonly Row[]): Part["tables"][number] {
  return {
    name: "figures 1, 2 and 4 of paper 000",
    head: [
      "difficulty",
      "blocks",
      "hashes a block",
      ...COUNTS.map((count) => `${count} alone, s`),
      ...COUNTS.slice(1).map((count) => `${count} together, s`),
      "8 together against 1",
    ],
    rows: rows.map((row) => {
      const one = timesOf(row, "alone", 1);
      const speedup = speedupOf(row, MOST);
      return [
        nameOf(row),
        `${one?.ms.length ?? 0}`,
        one === undefined ? "" : Math.round(estimate(one.hashes).mean).toLocaleString("en-GB"),
        ...COUNTS.map((count) => secondsText(timesOf(row, "alone", count))),
        ...COUNTS.slice(1).map((count) => secondsText(timesOf(row, "together", count))),
        speedup === undefined
          ? ""
          : `${speedup.mean.toFixed(2)} ± ${speedup.spread.toFixed(2)} times`,
      ];
    }),
    note:
      "Means and 95 % intervals of the mean. Blocks are the same in all columns of a row, so most of an interval is " +
      "their luck, which the columns share; the last column has the interval of the ratio.",
  };
}

function nameOf({ difficulty }: Row): string {
  return `${difficulty}`;
}

function timesOf(row: Row, manner: Arm["manner"], count: number): ArmTimes | undefined {
  const isWanted = ({ arm }: ArmTimes): boolean => {
    return arm.manner === manner && arm.miners.length === count;
  };
  return row.times.find(isWanted);
}

/** How many times as fast as one node that searches alone. */
function speedupOf(row: Row, count: number): Estimate | undefined {
  const [one, many] = [timesOf(row, "alone", 1), timesOf(row, "together", count)];
  return one === undefined || many === undefined ? undefined : ratioOfSums(one.ms, many.ms);
}

function secondsText(times: ArmTimes | undefined): string {
  if (times === undefined) return "";
  const { mean, spread } = estimate(times.ms);
  return `${seconds(mean)} ± ${seconds(spread)}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 3 : 1);
}

function byNodes(row: Row, manner: Arm["manner"]): Series {
  const times = COUNTS.map((count) => timesOf(row, count === 1 ? "alone" : manner, count));
  return { name: `difficulty ${row.difficulty}`, ...pointsOf(times) };
}

function byDifficulty(rows: readonly Row[], count: number): Series {
  const manner = count === 1 ? "alone" : "together";
  const name = count === 1 ? "1 node alone" : `${count} nodes together`;
  return { name, ...pointsOf(rows.map((row) => timesOf(row, manner, count))) };
}

function pointsOf(times: readonly (ArmTimes | undefined)[]): Pick<Series, "values" | "spreads"> {
  const points = times.map((one) => (one === undefined ? undefined : estimate(one.ms)));
  return {
    values: points.map((point) => (point === undefined ? null : point.mean / 1000)),
    spreads: points.map((point) => (point === undefined ? null : point.spread / 1000)),
  };
}
