/**
 * What workers get out of their cores: hashes of searches through the worker pool, with all that it takes to order them
 * and to hear of them, over those of as many bare kernels. Both per second of processor time, the worker processes' own
 * in whole. They take turns, and each turn of the pool is compared with the turns of the bare kernels before and after
 * it: how fast a core is changes from second to second, with what else the machine and its host do. The median counts.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { shippedModule } from "../../../ml/search/shipped.ts";
import { systemClock } from "../../../node/clock.ts";
import { processUse } from "../../../node/helpers/process-use.ts";
import { inMemory } from "../../../node/workers/blob-source.ts";
import type { SearchUnitsTask } from "../../../node/workers/kinds/search/task.ts";
import { WorkerPool } from "../../../node/workers/pool.ts";
import { SILENT } from "../../../p2p/log.ts";
import { until } from "../../helpers/until.ts";
import type { BareResult } from "./bare-thread.ts";

export interface Efficiency {
  readonly workers: number;
  /** Hashes a second of processor time, the pool's over bare kernels', median over turns. */
  readonly efficiency: number;
  /** Half of the turns lie between these two. */
  readonly middleHalf: readonly [number, number];
  /** All workers together, by the clock, the fastest quarter. */
  readonly hashesPerSecond: number;
  readonly turns: number;
}

const COUNTS = [1, 2, 4] as const;
const UNIT_BITS = 18;
const START_MS = 60_000;

interface Rates {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

export async function efficiencies(task: SearchTask, quick: boolean): Promise<Efficiency[]> {
  const results: Efficiency[] = [];
  for (const count of COUNTS) {
    results.push(await efficiencyOf(task, count, quick ? [8, 1000] : [30, 1000]));
  }
  return results;
}

async function efficiencyOf(
  task: SearchTask,
  workers: number,
  [turns, turnMs]: readonly [number, number],
): Promise<Efficiency> {
  const bare = await Promise.all(Array.from({ length: workers }, () => bareThread(task)));
  const pool = new WorkerPool(
    { localWorkers: workers, engineHash: ENGINE_HASH },
    { log: SILENT, clock: systemClock },
  );
  const ratios: number[] = [];
  const speeds: number[] = [];
  try {
    await pool.start();
    const isReady = (): boolean => pool.status().every(({ state }) => state === "idle");
    await until(isReady, START_MS, "workers");
    // What is compiled anew in its first moments does not count.
    await runPool(pool, task, workers, turnMs);
    let before = await runBare(bare, turnMs);
    for (let turn = 0; turn < turns; turn++) {
      const { perCpuSecond, perSecond } = await runPool(pool, task, workers, turnMs);
      const after = await runBare(bare, turnMs);
      ratios.push((2 * perCpuSecond) / (before.perCpuSecond + after.perCpuSecond));
      speeds.push(perSecond);
      before = after;
    }
  } finally {
    await Promise.all([pool.stop(), ...bare.map((thread) => thread.terminate())]);
  }
  return {
    workers,
    efficiency: rounded(part(ratios, 0.5)),
    middleHalf: [rounded(part(ratios, 0.25)), rounded(part(ratios, 0.75))],
    hashesPerSecond: Math.round(part(speeds, 0.75)),
    turns,
  };
}

async function bareThread(task: SearchTask): Promise<Worker> {
  const thread = new Worker(new URL("./bare-thread.ts", import.meta.url), { workerData: task });
  await once(thread, "message");
  return thread;
}

async function runBare(threads: readonly Worker[], turnMs: number): Promise<Rates> {
  const start = performance.now();
  // As much processor time as the pool's workers get by the clock on two cores.
  const results = await Promise.all(
    threads.map(async (thread): Promise<BareResult> => {
      thread.postMessage(turnMs / 2);
      const [result] = await once(thread, "message");
      return result as BareResult;
    }),
  );
  const hashes = results.reduce((sum, one) => sum + one.hashes, 0);
  const cpuMs = results.reduce((sum, one) => sum + one.cpuMs, 0);
  return ratesOf(hashes, cpuMs, performance.now() - start);
}

async function runPool(
  pool: WorkerPool,
  message: SearchTask,
  workers: number,
  turnMs: number,
): Promise<Rates> {
  const algorithm = inMemory(await shippedModule("sha256d"));
  const used = async (): Promise<number> => {
    const pids = Array.from({ length: workers }, (_, index) => pool.pid(`local-${index + 1}`));
    const uses = await Promise.all(pids.map(processUse));
    return uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  };
  const before = await used();
  const start = performance.now();
  const end = AbortSignal.timeout(turnMs);
  const results = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const from = BigInt(index) * 2n ** 11n;
      const task: SearchUnitsTask = {
        ...message,
        algorithm,
        unitBits: UNIT_BITS,
        jobFrom: 0n,
        jobTo: 2n ** 32n,
        from,
        to: from + 2n ** 11n,
      };
      return pool.search(task, { deadlineMs: 10 * START_MS, end });
    }),
  );
  const hashes = results.reduce((sum, one) => sum + one.hashes, 0);
  return ratesOf(hashes, (await used()) - before, performance.now() - start);
}

function ratesOf(hashes: number, cpuMs: number, wallMs: number): Rates {
  return { perCpuSecond: (1000 * hashes) / cpuMs, perSecond: (1000 * hashes) / wallMs };
}

/** The value that so much of the others is not above. */
function part(values: readonly number[], share: number): number {
  const at = Math.min(values.length - 1, Math.floor(share * values.length));
  return values.toSorted((a, b) => a - b)[at] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
