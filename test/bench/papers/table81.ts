/**
 * Table 8.1 of paper 001: twenty blocks of ten transactions at four difficulties, mined by one process, by two and by
 * four. First with a fifth of a core for each process, so that four of them are four times the machine that one is, as
 * in the paper; then with all that two cores give, where four processes cannot beat two.
 */
import { Fleet } from "./fleet.ts";
import type { Part, PartOptions } from "./part.ts";
import { type ArmTimes, alone, solveInTurn, together } from "./solve.ts";
import { ratioOfSums, sum } from "./statistics.ts";
import type { Series } from "./svg.ts";

const DIFFICULTIES = [2, 3, 4, 5] as const;
const ARMS = [alone(1), together(2), together(4)];
const BLOCKS = 20;
const PACE = 10;
const SEED = 81;
/** Seconds by difficulty, from the paper: serial, 2 processes, 4 processes. */
const PAPER = [
  [14.02, 17.19, 18.89],
  [14.68, 17.89, 18.92],
  [40.67, 31.32, 30.11],
  [370.32, 322.72, 249.26],
] as const;

interface Setting {
  readonly name: string;
  readonly share: number;
  readonly rounds: number;
}

interface Row {
  readonly difficulty: number;
  readonly times: readonly ArmTimes[];
  readonly paper: readonly number[];
}

export async function table81({ quick }: PartOptions): Promise<Part> {
  const settings: readonly Setting[] = [
    { name: "a fifth of a core each", share: 0.2, rounds: quick ? 1 : 2 },
    { name: "as much as two cores give", share: 1, rounds: quick ? 1 : 5 },
  ];
  const parts = [];
  for (const setting of settings) parts.push({ setting, rows: await measure(setting, quick) });
  const [held] = parts;
  const wins = held?.rows.every(({ times, paper }) =>
    [1, 2].every((arm) => {
      const isFasterInPaper = (paper[arm] ?? 0) < (paper[0] ?? 0);
      return !isFasterInPaper || totalOf(times[arm]) < totalOf(times[0]);
    }),
  );
  return {
    name: "table81",
    summary: { parallelWinsWherePaperDoes: wins === true ? 1 : 0 },
    tables: parts.map(({ setting, rows }) => tableOf(setting, rows)),
    figures: Object.fromEntries(
      parts.map(({ setting, rows }) => [
        setting.share < 1 ? "paper-001-figure-8-1" : "paper-001-figure-8-1-full",
        {
          title: `${BLOCKS} blocks, ${setting.name}`,
          kind: "lines",
          places: { label: "difficulty (zeros in hexadecimal)", names: DIFFICULTIES.map(String) },
          values: { label: "seconds", isLogarithmic: true },
          series: ARMS.map((_, arm) => seriesOf(rows, arm)),
        } as const,
      ]),
    ),
  };
}

async function measure({ share, rounds }: Setting, quick: boolean): Promise<Row[]> {
  const fleet = await Fleet.start({ devices: 4, share, breathMs: share < 1 ? 0 : 20 });
  try {
    const rows: Row[] = [];
    for (const [index, difficulty] of DIFFICULTIES.entries()) {
      const blocks = quick ? Math.min(BLOCKS, 3) : BLOCKS * rounds;
      const options = { seed: SEED, blocks, difficulty, pace: PACE };
      const times = await solveInTurn(fleet, ARMS, options);
      rows.push({ difficulty, times, paper: PAPER[index] ?? [] });
    }
    return rows;
  } finally {
    fleet.stop();
  }
}

function tableOf({ name, rounds }: Setting, rows: readonly Row[]): Part["tables"][number] {
  return {
    name: `table 8.1 of paper 001, ${name}`,
    head: [
      "difficulty",
      "serial, s",
      "2 processes, s",
      "4 processes, s",
      "2 against serial",
      "4 against serial",
      "in the paper, 2 and 4",
    ],
    rows: rows.map(({ difficulty, times, paper }) => [
      `${difficulty}`,
      ...times.map((arm) => ((BLOCKS * totalOf(arm)) / arm.ms.length / 1000).toFixed(3)),
      ...[1, 2].map((arm) => speedupText(times[0], times[arm])),
      [1, 2].map((arm) => ((paper[0] ?? 0) / (paper[arm] ?? 1)).toFixed(2)).join(" and "),
    ]),
    note:
      `Seconds for ${BLOCKS} blocks, from ${BLOCKS * rounds} blocks mined by each. Times as fast as serial, ` +
      "with 95 % intervals; above 1 the processes together are faster.",
  };
}

function speedupText(serial: ArmTimes | undefined, parallel: ArmTimes | undefined): string {
  const { mean, spread } = ratioOfSums(serial?.ms ?? [], parallel?.ms ?? []);
  return `${mean.toFixed(2)} ± ${spread.toFixed(2)}`;
}

function seriesOf(rows: readonly Row[], arm: number): Series {
  const count = ARMS[arm]?.miners.length ?? 0;
  return {
    name: count === 1 ? "serial" : `${count} processes`,
    values: rows.map(({ times }) => {
      const blocks = times[arm]?.ms.length ?? 1;
      return (BLOCKS * totalOf(times[arm])) / blocks / 1000;
    }),
  };
}

function totalOf(times: ArmTimes | undefined): number {
  return sum(times?.ms ?? []);
}
