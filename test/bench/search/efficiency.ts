/**
 * What workers get out of their cores: hashes of searches through the worker pool, with all that it takes to order them
 * and to hear of them, over those of as many bare kernels, per second of processor time, of worker processes in whole.
 * Both have the lowest priority and the same cores and take turns; each turn of the pool is compared with the turns of
 * the bare kernels before and after it: how fast a core is changes from second to second, with what else the machine and
 * its host do. The median counts.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { systemClock } from "../../../node/clock.ts";
import { processUse } from "../../../node/helpers/process-use.ts";
import { inMemory } from "../../../node/workers/blob-source.ts";
import type { SearchUnitsTask } from "../../../node/workers/kinds/search/task.ts";
import { WorkerPool } from "../../../node/workers/pool.ts";
import { SILENT } from "../../../p2p/log.ts";
import { until } from "../../helpers/until.ts";
import type { BareThread, Work } from "./bare-thread.ts";
import { pinProcess } from "./pin.ts";

export interface Efficiency {
  readonly workers: number;
  /** Hashes a second of processor time, the pool's over bare kernels', median over turns. */
  readonly efficiency: number;
  /** Half of the turns lie between these two. */
  readonly middleHalf: readonly [number, number];
  /** As the efficiency, per second by the clock: less where workers wait, and where other processes come between. */
  readonly byTheClock: number;
  readonly turns: number;
  /** Workers and bare kernels were bound to the same cores. */
  readonly isPinned: boolean;
}

const COUNTS = [1, 2, 4] as const;
const UNIT_BITS = 18;
const START_MS = 60_000;

export async function efficiencies(task: SearchTask, quick: boolean): Promise<Efficiency[]> {
  const results: Efficiency[] = [];
  for (const count of COUNTS) {
    results.push(await efficiencyOf(task, count, quick ? [8, 1000] : [40, 1000]));
  }
  return results;
}

async function efficiencyOf(
  task: SearchTask,
  workers: number,
  [turns, turnMs]: readonly [number, number],
): Promise<Efficiency> {
  const bare = await Promise.all(
    Array.from({ length: workers }, (_, index) => bareThread({ task, index })),
  );
  const pool = new WorkerPool(
    { localWorkers: workers, engineHash: ENGINE_HASH },
    { log: SILENT, clock: systemClock },
  );
  const ratios: number[] = [];
  const speeds: number[] = [];
  let isPinned = bare.every((one) => one.isPinned);
  try {
    await pool.start();
    const isReady = (): boolean => pool.status().every(({ state }) => state === "idle");
    await until(isReady, START_MS, "workers");
    // What is compiled in its first moments does not count.
    await runPool(pool, task, workers, 1000);
    for (let index = 0; index < workers; index++) {
      if (!pinProcess(pool.pid(`local-${index + 1}`) ?? 0, index)) isPinned = false;
    }
    let before = await runBare(bare, turnMs);
    for (let turn = 0; turn < turns; turn++) {
      const work = await runPool(pool, task, workers, turnMs);
      const after = await runBare(bare, turnMs);
      ratios.push((2 * perCpu(work)) / (perCpu(before) + perCpu(after)));
      speeds.push((2 * work.hashes) / (before.hashes + after.hashes));
      before = after;
    }
  } finally {
    await Promise.all([pool.stop(), ...bare.map(({ thread }) => thread.terminate())]);
  }
  return {
    workers,
    efficiency: rounded(part(ratios, 0.5)),
    middleHalf: [rounded(part(ratios, 0.25)), rounded(part(ratios, 0.75))],
    byTheClock: rounded(part(speeds, 0.5)),
    turns,
    isPinned,
  };
}

interface Bare {
  readonly thread: Worker;
  readonly isPinned: boolean;
}

async function bareThread(data: BareThread): Promise<Bare> {
  const thread = new Worker(new URL("./bare-thread.ts", import.meta.url), { workerData: data });
  const [isPinned] = await once(thread, "message");
  return { thread, isPinned: isPinned === true };
}

async function runBare(threads: readonly Bare[], turnMs: number): Promise<Work> {
  const results = await Promise.all(
    threads.map(async ({ thread }): Promise<Work> => {
      thread.postMessage(turnMs);
      const [result] = await once(thread, "message");
      return result as Work;
    }),
  );
  return {
    hashes: results.reduce((sum, one) => sum + one.hashes, 0),
    cpuMs: results.reduce((sum, one) => sum + one.cpuMs, 0),
  };
}

async function runPool(
  pool: WorkerPool,
  message: SearchTask,
  workers: number,
  turnMs: number,
): Promise<Work> {
  const algorithm = inMemory(await shippedModule("sha256d"));
  const used = async (): Promise<number> => {
    const pids = Array.from({ length: workers }, (_, index) => pool.pid(`local-${index + 1}`));
    const uses = await Promise.all(pids.map(processUse));
    return uses.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  };
  const before = await used();
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
  return { hashes, cpuMs: (await used()) - before };
}

function perCpu({ hashes, cpuMs }: Work): number {
  return hashes / cpuMs;
}

/** The value that so much of the others is not above. */
function part(values: readonly number[], share: number): number {
  const at = Math.min(values.length - 1, Math.floor(share * values.length));
  return values.toSorted((a, b) => a - b)[at] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
