/**
 * Runs one benchmark by name: `npm run bench -- NAME [--quick] [--minutes N] [--only PART] [--write] [--json]`. NAME is
 * a file of this folder that exports `bench`. Prints a table, or one JSON object as the last line with --json.
 */

import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";

export interface BenchOptions {
  /** Seconds instead of minutes, for a look; the figures vary more. */
  readonly quick: boolean;
  /** The output is read by a program. */
  readonly json: boolean;
  /** How long to load the nodes, where the benchmark leaves that open (soak). */
  readonly minutes?: number | undefined;
  /** One part of a benchmark that has several (papers); default all. */
  readonly only?: string | undefined;
  /** Put what was measured into the documentation (papers). */
  readonly write?: boolean | undefined;
}

export interface BenchModule {
  bench(options: BenchOptions): Promise<object>;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      json: { type: "boolean" },
      minutes: { type: "string" },
      only: { type: "string" },
      write: { type: "boolean" },
    },
  });
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  const [name = ""] = positionals;
  const names = await benchNames();
  const isTime = minutes === undefined || (minutes > 0 && Number.isFinite(minutes));
  if (positionals.length !== 1 || !names.includes(name) || !isTime) {
    const flags = "[--quick] [--minutes N] [--only PART] [--write] [--json]";
    process.stderr.write(`usage: npm run bench -- NAME ${flags}   (NAME: ${names.join(", ")})\n`);
    return 2;
  }
  const { bench }: BenchModule = await import(`./${name}.ts`);
  const { quick = false, json = false, only, write } = values;
  const options = { quick, json, minutes, only, write };
  const result = await bench(options);
  process.stdout.write(`${options.json ? JSON.stringify(result) : readable(result)}\n`);
  return 0;
}

async function benchNames(): Promise<readonly string[]> {
  const files = await readdir(new URL(".", import.meta.url));
  const names = files.filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3));
  return names.filter((name) => name !== "main").toSorted();
}

/** Lists of records as tables, the rest as lines. */
function readable(result: object): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(result)) {
    const rows = Array.isArray(value) ? value.filter((row) => typeof row === "object") : [];
    if (rows.length === 0) {
      parts.push(`${key}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
      continue;
    }
    const head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const row of rows) table.push(head.map((column) => String(row[column] ?? "")));
    parts.push(table.toString());
  }
  return parts.join("\n");
}
