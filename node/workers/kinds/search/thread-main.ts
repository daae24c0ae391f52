/**
 * Entry of the thread that runs search algorithms. It does one piece of work at a time, and while it
 * works it reads nothing but the shared state. If a module never returns, the whole thread is ended.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DIGEST_BYTES } from "../../../../ml/search/abi.ts";
import { Algorithm } from "../../../../ml/search/algorithm.ts";
import { AlgorithmError } from "../../../../ml/search/algorithm-error.ts";
import { ALGORITHM_HASHES } from "../../../../ml/search/algorithm-hashes.ts";
import { probeAlgorithm } from "../../../../ml/search/check/probe.ts";
import { runUnits } from "../../../../ml/search/run-units.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import { lowerPriority } from "../../../lower-priority.ts";
import type { ThreadStart } from "./search-thread.ts";
import { MAX_BATCH_UNITS, MAX_TASK_FINDS } from "./task.ts";
import {
  SharedState,
  type ThreadMessage,
  type ThreadOrder,
  type ThreadWork,
} from "./thread-messages.ts";
import { encodeFind, encodeUnits } from "./unit-bytes.ts";

/** Finished units are reported at this interval, or earlier if there are many. */
const BATCH_MS = 250;
/** The shortest sleep: it ends the turn of this thread on its core. */
const GIVE_WAY_MS = 0.05;

const { memory, niceness } = workerData as ThreadStart;
// Of this thread alone, where threads have priorities of their own.
if (niceness !== undefined) lowerPriority(niceness);
const shared = new SharedState(memory);
/** Modules that passed a trial. Those that come with the program need none. */
const trusted = new Set<string>(Object.values(ALGORITHM_HASHES));
let last: Algorithm | undefined;
/** Nobody wakes a thread that waits on this. */
const sleep = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on("message", (order: ThreadOrder) => {
  carryOut(order).then(() => tell({ kind: "over" }), fail);
});

function tell(message: ThreadMessage, bytes?: Uint8Array<ArrayBuffer>): void {
  parentPort?.postMessage(message, bytes === undefined ? [] : [bytes.buffer]);
}

function fail(error: unknown): void {
  if (error instanceof AlgorithmError) {
    tell({ kind: "refused", message: error.message, facts: error.facts });
  } else {
    tell({ kind: "broken", message: error instanceof Error ? error.message : String(error) });
  }
}

async function carryOut({ hash, module, work }: ThreadOrder): Promise<void> {
  if (last?.hash !== hash) last = await Algorithm.open(module);
  const algorithm = last;
  if (!trusted.has(hash)) {
    probeAlgorithm(algorithm, performance);
    trusted.add(hash);
  }
  if (work.kind === "search") searchUnits(algorithm, work);
  else hashNonces(algorithm, work);
}

function searchUnits(algorithm: Algorithm, work: ThreadWork & { kind: "search" }): void {
  let batch: UnitResult[] = [];
  let toldAt = performance.now();
  let finds = 0;
  let isFound = false;
  const flush = (): void => {
    const [first] = batch;
    if (first === undefined) return;
    const bytes = encodeUnits(batch);
    tell({ kind: "units", first: first.unit, bytes }, bytes);
    batch = [];
  };
  runUnits(algorithm.start(work.task), work, {
    clock: performance,
    isOver: () => shared.isStopped,
    maxFinds: () => MAX_TASK_FINDS - finds,
    giveWay: () => void Atomics.wait(sleep, 0, 0, GIVE_WAY_MS),
    onStep: (step, now) => {
      shared.called(step.hashes);
      for (const find of step.finds) {
        const bytes = encodeFind(find);
        tell({ kind: "find", bytes }, bytes);
        finds++;
        isFound = true;
      }
      if (step.ended !== undefined) batch.push(step.ended);
      // A search may end when the unit of a find is done.
      const isAwaited = isFound && step.ended !== undefined;
      if (!isAwaited && batch.length < MAX_BATCH_UNITS && now - toldAt < BATCH_MS) return;
      isFound &&= !isAwaited;
      flush();
      toldAt = now;
    },
  });
  flush();
}

function hashNonces(
  algorithm: Algorithm,
  { task, nonces }: ThreadWork & { kind: "digests" },
): void {
  const search = algorithm.start(task);
  const bytes = new Uint8Array(nonces.length * DIGEST_BYTES);
  for (const [index, nonce] of nonces.entries()) {
    if (shared.isStopped) return;
    bytes.set(search.stretch(nonce, 1).min.digest, index * DIGEST_BYTES);
    shared.called(1);
  }
  tell({ kind: "digests", bytes }, bytes);
}
