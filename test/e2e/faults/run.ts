/**
 * All fault tests, or those named: `npm run test:faults [-- NAME…]`, a NAME being a file of this folder. Beside
 * them run, in their large sizes, the tests that find faults by numbers: fuzzed decoders, the differential model
 * of the state, simulated consensus and jobs; in a process of lower priority, since real nodes mostly wait. Ends
 * with a table of what was measured; the exit status counts failures.
 */
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { constants, cpus, loadavg, setPriority } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import Mocha from "mocha";
import { figuresFor } from "./harness/measured.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(FOLDER, "../../..");
/** Tests whose size the environment sets, and the sizes of this run unless it sets them already. */
const BY_NUMBERS = [
  "test/sim/consensus.test.ts",
  "test/sim/jobs/jobs.test.ts",
  "test/fuzz/decoders.test.ts",
  "test/fuzz/streams.test.ts",
  "test/chain/naive-model.test.ts",
];
const SIZES = {
  POML_SIM_SEEDS: "1000",
  POML_JOB_SEEDS: "1000",
  POML_FUZZ_RUNS: "100000",
  POML_MODEL_RUNS: "3000",
};

interface Row {
  readonly title: string;
  readonly state: string;
  readonly seconds: number;
  readonly figures: string;
}

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  for (const [name, size] of Object.entries(SIZES)) process.env[name] ??= size;
  const files = await filesOf(names);
  if (files.length === 0) {
    process.stderr.write(`no fault test is named ${names.join(", ")}\n`);
    return 2;
  }
  const numbers = files.filter((file) => BY_NUMBERS.includes(relative(ROOT, file)));
  if (numbers.length === files.length) return runHere(numbers);
  const beside = runBeside(numbers);
  const failures = await runHere(files.filter((file) => !numbers.includes(file)));
  const { output, status } = await beside;
  process.stdout.write(output);
  return Math.min(failures + status, 255);
}

/** @returns the number of failures */
async function runHere(files: readonly string[]): Promise<number> {
  const mocha = new Mocha({ timeout: 20_000, reporter: "spec" });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const before = load();
  const rows: Row[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("test end", (test) => rows.push(rowOf(test)));
  });
  process.stdout.write(`${tableOf(rows)}\n`);
  process.stdout.write(
    `load of the machine (${cpus().length} cores): ${before} before, ${load()} after\n`,
  );
  return Math.min(failures, 255);
}

/** The same program on other files, taking the processor time that is left. */
async function runBeside(
  files: readonly string[],
): Promise<{ readonly output: string; readonly status: number }> {
  if (files.length === 0) return { output: "", status: 0 };
  const names = files.map((file) => relative(ROOT, file));
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = (): boolean => child.kill();
  process.once("exit", stop);
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  process.off("exit", stop);
  return { output, status };
}

async function filesOf(names: readonly string[]): Promise<string[]> {
  const own = (await readdir(FOLDER)).filter((name) => /\.(fault|test)\.ts$/.test(name)).toSorted();
  const all = [
    ...own.map((name) => join(FOLDER, name)),
    ...BY_NUMBERS.map((path) => join(ROOT, path)),
  ];
  if (names.length === 0) return all;
  return all.filter((file) => names.some((name) => relative(ROOT, file).includes(name)));
}

function rowOf(test: Mocha.Test): Row {
  const figures = Object.entries(figuresFor(test) ?? {});
  return {
    title: test.titlePath().join(": "),
    state: test.state ?? "pending",
    seconds: (test.duration ?? 0) / 1000,
    figures: figures.map(([name, value]) => `${name} ${value}`).join(", "),
  };
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ["fault", "", "s", "measured"],
    style: { head: [], border: [] },
    colWidths: [60, 8, 8, 70],
    wordWrap: true,
  });
  for (const { title, state, seconds, figures } of rows) {
    table.push([title, state, seconds.toFixed(1), figures]);
  }
  return table.toString();
}

function load(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(" ");
}
