/**
 * Measures hashes per second of this machine: every shipped algorithm on one core and on all cores, with one thread for
 * each lane.
 */
import { once } from "node:events";
import { availableParallelism, cpus } from "node:os";
import { Worker } from "node:worker_threads";
import type { ShippedName } from "../../../ml/search/shipped-algorithms.ts";
import type { CliContext } from "../context.ts";
import { hashRate } from "../format.ts";
import type { LaneOrder, LaneReport } from "./search-lane.ts";

export interface SearchRow {
  readonly algorithm: ShippedName;
  readonly hash: string;
  /** Hashes per second of one thread alone, and of all cores together. */
  readonly onePerSecond: number;
  readonly machinePerSecond: number;
  /** Hashes per second of each thread while all worked. */
  readonly lanes: readonly number[];
}

export interface SearchBenchmark {
  readonly cpu: string;
  readonly cores: number;
  readonly seconds: number;
  readonly algorithms: readonly SearchRow[];
}

/** @param seconds for each algorithm: half of them on one core, half on all cores */
export async function runSearchBenchmark(
  seconds: number,
  { output, signal }: CliContext,
): Promise<SearchBenchmark> {
  const { SHIPPED } = await import("../../../ml/search/shipped-algorithms.ts");
  const { createProgress } = await import("../progress.ts");
  const cores = availableParallelism();
  const progress = await createProgress(output);
  const bar = progress.bar("search", { isMain: true });
  const algorithms: SearchRow[] = [];
  const lanes = await Promise.all(Array.from({ length: cores }, () => Lane.start()));
  try {
    for (const [index, { name, hash }] of SHIPPED.entries()) {
      const order = { algorithm: name, seconds: seconds / 2 };
      const told = (part: number) => (share: number, rate: number) => {
        const done = (index + (part + share) / 2) / SHIPPED.length;
        bar.update(done, `${name} ${hashRate(rate)}`);
      };
      const [one = 0] = await together(lanes.slice(0, 1), order, signal, told(0));
      const all = await together(lanes, order, signal, told(1));
      const machinePerSecond = all.reduce((sum, rate) => sum + rate, 0);
      algorithms.push({ algorithm: name, hash, onePerSecond: one, machinePerSecond, lanes: all });
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.stop()));
    progress.stop();
  }
  return { cpu: cpus()[0]?.model ?? "unknown", cores, seconds, algorithms };
}

export function showSearchBenchmark(run: SearchBenchmark, { output }: CliContext): void {
  output.result({ kind: "search", ...run }, () => {
    output.table(
      ["algorithm", "one lane", `${run.cores} lanes`, "slowest lane", "fastest lane"],
      run.algorithms.map(({ algorithm, onePerSecond, machinePerSecond, lanes }) => [
        algorithm,
        hashRate(onePerSecond),
        hashRate(machinePerSecond),
        hashRate(Math.min(...lanes)),
        hashRate(Math.max(...lanes)),
      ]),
    );
    output.line(
      `\n${run.seconds} s each on ${run.cores} cores (${run.cpu}), one lane a core. Other programs make it less.`,
    );
  });
}

/** @returns hashes a second of each lane */
async function together(
  lanes: readonly Lane[],
  order: LaneOrder,
  signal: AbortSignal,
  onProgress: (share: number, perSecond: number) => void,
): Promise<number[]> {
  const rates = lanes.map(() => 0);
  const sum = (): number => rates.reduce((total, rate) => total + rate, 0);
  return Promise.all(
    lanes.map((lane, index) =>
      lane.run(order, signal, ({ share, perSecond }) => {
        rates[index] = perSecond;
        onProgress(share, sum());
      }),
    ),
  );
}

/** A thread that measures on request. */
class Lane {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(): Promise<Lane> {
    const worker = new Worker(new URL("./search-lane.ts", import.meta.url), { execArgv: QUIET });
    await once(worker, "message");
    return new Lane(worker);
  }

  /** @throws the signal's reason; the error that ended the thread */
  run(
    order: LaneOrder,
    signal: AbortSignal,
    onReport: (report: LaneReport) => void,
  ): Promise<number> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const onMessage = (report: LaneReport): void => {
        onReport(report);
        if (report.isLast) settle(() => resolve(report.perSecond));
      };
      const onAbort = (): void => settle(() => reject(signal.reason));
      const onError = (error: Error): void => settle(() => reject(error));
      const settle = (then: () => void): void => {
        worker.off("message", onMessage).off("error", onError);
        signal.removeEventListener("abort", onAbort);
        then();
      };
      worker.on("message", onMessage).on("error", onError);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else worker.postMessage(order);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

const QUIET = ["--disable-warning=ExperimentalWarning"];
