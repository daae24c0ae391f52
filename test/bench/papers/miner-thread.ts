/**
 * The thread of a device that hashes: runs of units, one after another, in calls of some milliseconds, held to the
 * device's share of a core. Whoever orders it about stops it through memory that both see, so it never hashes on for
 * more than one call.
 */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { searchUnits, type UnitResult } from "../../../ml/search/search-units.ts";
import { openShipped } from "../../../ml/search/shipped-algorithms.ts";
import { StretchSize } from "../../../ml/search/stretch-size.ts";
import { systemClock } from "../../../node/clock.ts";
import { processMeter } from "../../../node/core-meter.ts";
import { DutyCycle } from "./duty-cycle.ts";

export interface MinerSetup {
  readonly share: number;
  readonly breathMs: number;
  /** Of the work that may go on: work with another number is dropped, and stops where it is. */
  readonly wanted: Int32Array<SharedArrayBuffer>;
  /** Nonces hashed so far, of all work. */
  readonly hashes: BigInt64Array<SharedArrayBuffer>;
}

/** Units of a range of nonces that begins at 0. */
export interface MinerWork {
  readonly id: number;
  /** Of the experiment: time that a device owes from the run before is forgotten. */
  readonly run: number;
  readonly task: SearchTask;
  readonly unitBits: number;
  /** One past the last nonce there is; the last unit may be shorter. */
  readonly end: bigint;
  /** First unit, and one past the last. */
  readonly from: number;
  readonly to: number;
}

export type MinerNews =
  | { readonly kind: "ready" }
  | { readonly kind: "find"; readonly id: number; readonly nonce: bigint }
  /** With what the proof of a unit needs. */
  | { readonly kind: "unit"; readonly id: number; readonly ended: UnitResult };

/** As a worker's threads: a device that hashes still answers the others at once. */
setPriority(constants.priority.PRIORITY_LOW);

const { share, breathMs, wanted, hashes } = workerData as MinerSetup;
const duty = new DutyCycle(share, processMeter, systemClock);
const search = (await openShipped("sha256d")).start({
  prefix: new Uint8Array(0),
  suffix: new Uint8Array(0),
  nonceBytes: 4,
  endian: "little",
  target: new Uint8Array(32),
});
const size = new StretchSize();
let lastRun = 0;
let line: Promise<void> = Promise.resolve();

parentPort?.on("message", (work: MinerWork) => {
  line = line.then(() => mine(work));
});
tell({ kind: "ready" });

function tell(news: MinerNews): void {
  parentPort?.postMessage(news);
}

async function mine({ id, run, task, unitBits, end, from, to }: MinerWork): Promise<void> {
  if (!isWanted(id)) return;
  if (run !== lastRun) duty.begin();
  lastRun = run;
  search.use(task);
  const cut = { from: 0n, to: end, unitBits };
  const work = { cut, from: BigInt(from), to: BigInt(to) };
  let breathedAt = performance.now();
  let start = breathedAt;
  for (const step of searchUnits(search, work, { stretch: () => size.next })) {
    const now = performance.now();
    size.took(step.hashes, now - start);
    Atomics.add(hashes, 0, BigInt(step.hashes));
    for (const { nonce } of step.finds) tell({ kind: "find", id, nonce });
    if (step.ended !== undefined) tell({ kind: "unit", id, ended: step.ended });
    if (now - breathedAt >= breathMs) {
      await duty.breathe();
      breathedAt = performance.now();
    }
    if (!isWanted(id)) return;
    start = performance.now();
  }
}

function isWanted(id: number): boolean {
  return Atomics.load(wanted, 0) === id;
}
