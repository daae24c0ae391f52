/**
 * Measures the ratings of a test network's founders: one benchmark of the machine that all nodes share, by `poml
 * benchmark` in a separate process.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { CliError, EXIT } from "../exit-codes.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const run = promisify(execFile);
/** Seconds of one try; a longer try follows when no segment was finished. */
const TRIES = [2, 8];
/** The deadline for a machine that is so busy that everything takes twenty times as long. */
const DEADLINE_MS = 300_000;

const BenchmarkResult = z.object({
  capacity: z.string().regex(/^\d{1,20}$/),
  disturbed: z.string().optional(),
});
type BenchmarkResult = z.infer<typeof BenchmarkResult>;

export interface MeasuredMachine {
  /** The capacity of one core, in micro-GFLOP/s. */
  readonly capacity: bigint;
  /** Why the machine could do more than was measured. */
  readonly disturbed: string | undefined;
}

export type Benchmark = (seconds: number) => Promise<BenchmarkResult>;

/**
 * @param benchmark default: `poml benchmark`
 * @throws CliError BENCHMARK_FAILED, also if no segment was finished
 */
export async function measureMachine(benchmark: Benchmark): Promise<MeasuredMachine> {
  let last: BenchmarkResult = { capacity: "0" };
  for (const seconds of TRIES) {
    last = await benchmark(seconds);
    const capacity = BigInt(last.capacity);
    if (capacity > 0n) return { capacity, disturbed: last.disturbed };
  }
  const reason = last.disturbed === undefined ? "" : `: ${last.disturbed}`;
  throw new CliError(
    `the founders cannot be rated: this machine finished no part of the benchmark in ${TRIES.at(-1)} s${reason}`,
    { code: "BENCHMARK_FAILED", exit: EXIT.failure },
    "end what else keeps this machine busy and try again; nothing was written",
  );
}

/** Runs `poml benchmark` as its own process. */
export function benchmarkProcess(env: Readonly<Record<string, string | undefined>>): Benchmark {
  return async (seconds) => {
    const args = [
      MAIN,
      "benchmark",
      "--seconds",
      String(seconds),
      "--segment-steps",
      "60",
      "--json",
    ];
    try {
      const { stdout } = await run(process.execPath, args, {
        timeout: DEADLINE_MS,
        env: { ...env },
      });
      return BenchmarkResult.parse(JSON.parse(stdout));
    } catch (error) {
      throw new CliError(
        `the benchmark of the founders failed: ${error instanceof Error ? error.message : String(error)}`,
        { code: "BENCHMARK_FAILED", exit: EXIT.failure },
        "run `npx poml benchmark` by itself to see why",
        error,
      );
    }
  };
}

/** Each node's share of a machine on which this number of nodes works at the same time. */
export function shareOfMachine(capacity: bigint, nodes: number, cores: number): bigint {
  return nodes <= cores ? capacity : (capacity * BigInt(cores)) / BigInt(nodes);
}
