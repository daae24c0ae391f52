/**
 * Simulations by name: `npm run sim -- search [--seeds N] [--from N]` runs what test/sim/search/ has, N seeds of each;
 * `--seed N` one. `npm run sim -- jobs [--seeds N] [--from N]` runs N seeds of training and names those in which
 * something does not hold; `npm run sim -- jobs --seed N` tells what happens in one of them. `searches`: whole searches
 * likewise.
 */
import { parseArgs } from "node:util";
import { findingsOf } from "./jobs/invariants.ts";
import { disturbed, type JobPlan } from "./jobs/plan.ts";
import { searchFindings } from "./jobs/search/invariants.ts";
import { disturbedSearch } from "./jobs/search/plan.ts";
import { type Outcome, simulateJob, type Told } from "./jobs/simulation.ts";
import { simulateSearches } from "./search/main.ts";

const USAGE = "usage: npm run sim -- jobs|searches|search [--seeds N] [--from N] [--seed N]\n";
const DEFAULT_SEEDS = 100;
const MS_PER_SECOND = 1_000;

interface Simulated {
  planOf(seed: number): JobPlan;
  findingsOf(outcome: Outcome): string[] | Promise<string[]>;
}

const KINDS: ReadonlyMap<string, Simulated> = new Map<string, Simulated>([
  ["jobs", { planOf: disturbed, findingsOf }],
  ["searches", { planOf: disturbedSearch, findingsOf: searchFindings }],
]);

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 1 when something does not hold, 2 for a wrong call */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { seeds: { type: "string" }, from: { type: "string" }, seed: { type: "string" } },
  });
  const one = values.seed === undefined ? undefined : Number(values.seed);
  const count = Number(values.seeds ?? DEFAULT_SEEDS);
  const from = Number(values.from ?? 1);
  const areNumbers = [one ?? 1, count, from].every((value) => Number.isSafeInteger(value));
  const name = positionals.join();
  const kind = KINDS.get(name);
  if ((kind === undefined && name !== "search") || !areNumbers || count < 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  if (kind === undefined) {
    const seeds = one === undefined ? { from, count } : { from: one, count: 1 };
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    return simulateSearches({ ...seeds, say }) ? 0 : 1;
  }
  return one === undefined ? runMany(kind, from, count) : runOne(kind, one);
}

async function runMany(kind: Simulated, from: number, count: number): Promise<number> {
  const begin = performance.now();
  const ends = new Map<string, number>();
  let bad = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulateJob(kind.planOf(seed));
    const findings = await kind.findingsOf(outcome);
    ends.set(outcome.end, (ends.get(outcome.end) ?? 0) + 1);
    if (findings.length === 0) continue;
    bad++;
    process.stdout.write(`seed ${seed}: ${findings.join("; ")}\n`);
  }
  const seconds = Math.round((performance.now() - begin) / MS_PER_SECOND);
  const told = [...ends].map(([end, times]) => `${times} ${end}`).join(", ");
  process.stdout.write(`${count} seeds in ${seconds} s: ${told}; ${bad} with findings\n`);
  return bad === 0 ? 0 : 1;
}

async function runOne(kind: Simulated, seed: number): Promise<number> {
  const plan = kind.planOf(seed);
  const outcome = await simulateJob(plan, tell);
  const findings = await kind.findingsOf(outcome);
  const { lies, links, crashes, failures } = plan;
  const wrong = { lies: [...lies], links, crashes, failures };
  process.stdout.write(`${JSON.stringify(wrong)}\nends ${outcome.end}\n`);
  for (const finding of findings) process.stdout.write(`does not hold: ${finding}\n`);
  return findings.length === 0 ? 0 : 1;
}

function tell({ at, height, node, message, facts }: Told): void {
  const seconds = (at / MS_PER_SECOND).toFixed(2);
  const rest = facts === undefined ? "" : ` ${JSON.stringify(facts)}`;
  process.stdout.write(`${seconds} s, block ${height}, node ${node}: ${message}${rest}\n`);
}
