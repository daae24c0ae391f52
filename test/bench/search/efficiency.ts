/**
 * What workers get out of their cores: hashes of leases, searched and claimed as workers do it, over those of as many
 * bare kernels that ran just before and after. Turns are short and many, and the median counts.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import type { Turn, TurnResult } from "./lease-worker.ts";

export interface Efficiency {
  readonly workers: number;
  /** Hashes a second of processor time, leases over bare kernels. */
  readonly efficiency: number;
  /** The same by the clock, so idle time counts too, and so does whatever else the machine does. */
  readonly efficiencyByClock: number;
  /** All workers together, leases, by the clock. */
  readonly hashesPerSecond: number;
  /** Of the median. */
  readonly rounds: number;
}

const COUNTS = [1, 2, 4] as const;

export async function efficiencies(task: SearchTask, quick: boolean): Promise<Efficiency[]> {
  const results: Efficiency[] = [];
  for (const count of COUNTS) {
    results.push(await efficiencyOf(task, count, quick ? 6 : 20, quick ? 300 : 700));
  }
  return results;
}

async function efficiencyOf(
  task: SearchTask,
  workers: number,
  rounds: number,
  turnMs: number,
): Promise<Efficiency> {
  const team = await Promise.all(Array.from({ length: workers }, () => LeaseThread.start(task)));
  const turn = async (kind: Turn["kind"]): Promise<Rates> =>
    ratesOf(await Promise.all(team.map((thread) => thread.run({ kind, turnMs }))));
  try {
    // What is compiled anew in its first moments does not count.
    await turn("bare");
    let before = await turn("bare");
    await turn("leases");
    const byCpu: number[] = [];
    const byClock: number[] = [];
    const clock: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leases = await turn("leases");
      const after = await turn("bare");
      byCpu.push((2 * leases.perCpuSecond) / (before.perCpuSecond + after.perCpuSecond));
      byClock.push((2 * leases.perSecond) / (before.perSecond + after.perSecond));
      clock.push(leases.perSecond);
      before = after;
    }
    return {
      workers,
      efficiency: rounded(median(byCpu)),
      efficiencyByClock: rounded(median(byClock)),
      hashesPerSecond: Math.round(median(clock)),
      rounds,
    };
  } finally {
    await Promise.all(team.map((thread) => thread.stop()));
  }
}

interface Rates {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

/** Of all threads: mean of their rates by processor time, sum of those by the clock. */
function ratesOf(results: readonly TurnResult[]): Rates {
  const sum = (of: (result: TurnResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    perCpuSecond: (1000 * sum(({ hashes }) => hashes)) / sum(({ cpuMs }) => cpuMs),
    perSecond: sum(({ hashes, wallMs }) => (1000 * hashes) / wallMs),
  };
}

class LeaseThread {
  readonly #worker: Worker;
  #resolve: (result: TurnResult) => void = () => {};
  #reject: (error: Error) => void = () => {};

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: { kind: string; result?: TurnResult }) => {
      if (message.result !== undefined) this.#resolve(message.result);
    });
    worker.on("error", (error) => this.#reject(error));
  }

  static async start(task: SearchTask): Promise<LeaseThread> {
    const worker = new Worker(new URL("./lease-worker.ts", import.meta.url), { workerData: task });
    await once(worker, "message");
    return new LeaseThread(worker);
  }

  run(turn: Turn): Promise<TurnResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#worker.postMessage(turn);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
