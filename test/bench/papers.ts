/**
 * The experiments of the papers that searches in parallel come from, on our own code: tables and figures of paper 000
 * (parallel proof of work under a team of managers), 001 (blocks by several processes) and 004 (volunteers that leave).
 * `--only PART` runs one of them; `--write` puts what was measured into docs/results.md and docs/figures.
 */

import { describeMachine } from "./chain/machine.ts";
import type { BenchOptions } from "./main.ts";
import { blockTimes } from "./papers/block-times.ts";
import { failover } from "./papers/failover.ts";
import { loss } from "./papers/loss.ts";
import type { Part, PartOptions } from "./papers/part.ts";
import { writeResults } from "./papers/results-page.ts";
import { table3 } from "./papers/table3.ts";
import { table81 } from "./papers/table81.ts";

const PARTS: Readonly<Record<string, (options: PartOptions) => Promise<Part>>> = {
  table3,
  blocks: blockTimes,
  table81,
  figure5: failover,
  loss,
};

/** @throws RangeError for a part that does not exist */
export async function bench({ quick, json, only, write }: BenchOptions): Promise<object> {
  const names = only === undefined ? Object.keys(PARTS) : [only];
  const parts: Part[] = [];
  for (const name of names) {
    const run = PARTS[name];
    if (run === undefined) {
      throw new RangeError(`no part ${name}; parts: ${Object.keys(PARTS).join(", ")}`);
    }
    const begin = performance.now();
    const part = await run({ quick });
    parts.push(part);
    if (write === true) await writeResults(part);
    const seconds = Math.round((performance.now() - begin) / 1000);
    if (!json) process.stderr.write(`  ${name}: ${seconds} s\n`);
  }
  const summary = Object.assign({}, ...parts.map((part) => part.summary));
  const tables = parts.flatMap((part) => part.tables);
  const lines = Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
  return { ...summary, machine: describeMachine(), tables: lines };
}
