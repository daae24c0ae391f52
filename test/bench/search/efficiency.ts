/**
 * What workers get out of their cores: hashes of leases, searched and claimed as workers do it, over those of as many
 * bare kernels running at the same time. Both take turns, short and many; of each the fastest tenth is compared, since
 * other processes can only slow a turn down.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import type { Turn, TurnResult } from "./lease-worker.ts";

export interface Efficiency {
  readonly workers: number;
  /** Hashes a second of processor time, leases over bare kernels. */
  readonly efficiency: number;
  /** Median of each pair of turns instead of the fastest tenth: what else runs here shows in it. */
  readonly efficiencyOfPairs: number;
  /** All workers together, leases, by the clock, fastest tenth. */
  readonly hashesPerSecond: number;
  readonly turns: number;
}

const COUNTS = [1, 2, 4] as const;
const TURN_MS = 60;
const WARM_UP_MS = 400;

export async function efficiencies(task: SearchTask, quick: boolean): Promise<Efficiency[]> {
  const results: Efficiency[] = [];
  for (const count of COUNTS) results.push(await efficiencyOf(task, count, quick ? 30 : 120));
  return results;
}

async function efficiencyOf(task: SearchTask, workers: number, turns: number): Promise<Efficiency> {
  const team = await Promise.all(Array.from({ length: workers }, () => LeaseThread.start(task)));
  const turn = (kind: Turn["kind"], turnMs = TURN_MS): Promise<TurnResult[]> =>
    Promise.all(team.map((thread) => thread.run({ kind, turnMs })));
  const bare: number[] = [];
  const leases: number[] = [];
  const together: number[] = [];
  try {
    // What is compiled anew in its first moments does not count.
    await turn("bare", WARM_UP_MS);
    await turn("leases", WARM_UP_MS);
    for (let index = 0; index < turns; index++) {
      bare.push(...(await turn("bare")).map(perCpuSecond));
      const results = await turn("leases");
      leases.push(...results.map(perCpuSecond));
      together.push(results.reduce((sum, one) => sum + (1000 * one.hashes) / one.wallMs, 0));
    }
  } finally {
    await Promise.all(team.map((thread) => thread.stop()));
  }
  const pairs = leases.map((rate, index) => rate / (bare[index] ?? Number.NaN));
  return {
    workers,
    efficiency: rounded(part(leases, 0.9) / part(bare, 0.9)),
    efficiencyOfPairs: rounded(part(pairs, 0.5)),
    hashesPerSecond: Math.round(part(together, 0.9)),
    turns,
  };
}

function perCpuSecond({ hashes, cpuMs }: TurnResult): number {
  return (1000 * hashes) / cpuMs;
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

/** The value that so much of the others is not above. */
function part(values: readonly number[], share: number): number {
  const at = Math.min(values.length - 1, Math.floor(share * values.length));
  return values.toSorted((a, b) => a - b)[at] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
