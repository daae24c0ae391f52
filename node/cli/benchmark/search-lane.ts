/** Entry of a thread that searches leases for a while and says how fast; nothing is found, no digest is 0. */
import { setImmediate } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { evenLease } from "../../../chain/workload/search/range.ts";
import { runLease } from "../../../ml/search/run-lease.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { openShipped, type ShippedName } from "../../../ml/search/shipped.ts";

export interface LaneOrder {
  readonly algorithm: ShippedName;
  readonly seconds: number;
}

export interface LaneReport {
  /** Of the time, 0 to 1. */
  readonly share: number;
  readonly perSecond: number;
  readonly isLast: boolean;
}

/** A message of 80 bytes, as long as the header of a block of Bitcoin. */
const TASK: SearchTask = {
  prefix: new Uint8Array(72),
  suffix: new Uint8Array(0),
  nonceBytes: 8,
  endian: "little",
  target: new Uint8Array(32),
};
const LEASE = evenLease(2n ** 24n);
const REPORT_MS = 200;
/** The runtime optimises the kernel in its first moments, which do not count. */
const WARM_UP_MS = 150;

async function measure(order: LaneOrder): Promise<void> {
  const search = (await openShipped(order.algorithm)).start(TASK);
  const over = new AbortController();
  let hashes = 0;
  let startMs = performance.now();
  let isWarm = false;
  let reportedAt = startMs;
  const report = (now: number, isLast: boolean): void => {
    const share = Math.min(1, (now - startMs) / 1000 / order.seconds);
    const perSecond = Math.round((1000 * hashes) / (now - startMs));
    parentPort?.postMessage({ share, perSecond, isLast } satisfies LaneReport);
  };
  const breathe = async (): Promise<void> => {
    const now = performance.now();
    if (!isWarm && now - startMs > WARM_UP_MS) {
      [isWarm, hashes, startMs] = [true, 0, now];
    } else if (isWarm && now - startMs >= 1000 * order.seconds) {
      report(now, true);
      over.abort();
    } else if (now - reportedAt > REPORT_MS) {
      reportedAt = now;
      report(now, false);
    }
    await setImmediate();
  };
  const parts = {
    clock: performance,
    signal: over.signal,
    onStep: (step: { readonly hashes: number }) => {
      hashes += step.hashes;
    },
    breathe,
  };
  try {
    for (let from = 0n; ; from += LEASE) {
      await runLease(search, { range: { from, to: from + LEASE } }, parts);
    }
  } catch (error) {
    if (!over.signal.aborted) throw error;
  }
}

parentPort?.on("message", (order: LaneOrder) => void measure(order));
parentPort?.postMessage("ready");
