/** Entry of a thread that searches for a while and reports its speed. The target is 0, so it finds nothing. */
import { parentPort } from "node:worker_threads";
import { runUnits } from "../../../ml/search/run-units.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { openShipped, type ShippedName } from "../../../ml/search/shipped-algorithms.ts";

export interface LaneOrder {
  readonly algorithm: ShippedName;
  readonly seconds: number;
}

export interface LaneReport {
  /** Share of the time in which it works, 0 to 1. */
  readonly share: number;
  readonly perSecond: number;
  readonly isLast: boolean;
}

/** A message of 80 bytes, the length of a Bitcoin block header. */
const TASK: SearchTask = {
  prefix: new Uint8Array(72),
  suffix: new Uint8Array(0),
  nonceBytes: 8,
  endian: "little",
  target: new Uint8Array(32),
};
const CUT = { from: 0n, to: 2n ** 60n, unitBits: 18 };
const REPORT_MS = 200;
/** The runtime optimises the kernel in its first moments, which do not count. */
const WARM_UP_MS = 150;

async function measure({ algorithm, seconds }: LaneOrder): Promise<void> {
  const search = (await openShipped(algorithm)).start(TASK);
  let hashes = 0;
  let startMs = performance.now();
  let isWarm = false;
  let reportedAt = startMs;
  let isOver = false;
  const report = (now: number, isLast: boolean): void => {
    const share = Math.min(1, (now - startMs) / 1000 / seconds);
    const perSecond = Math.round((1000 * hashes) / (now - startMs));
    parentPort?.postMessage({ share, perSecond, isLast } satisfies LaneReport);
  };
  runUnits(
    search,
    { cut: CUT, from: 0n, to: 2n ** 42n },
    {
      clock: performance,
      isOver: () => isOver,
      onStep: (step, now) => {
        hashes += step.hashes;
        if (!isWarm && now - startMs > WARM_UP_MS) {
          [isWarm, hashes, startMs] = [true, 0, now];
        } else if (isWarm && now - startMs >= 1000 * seconds) {
          report(now, true);
          isOver = true;
        } else if (now - reportedAt > REPORT_MS) {
          reportedAt = now;
          report(now, false);
        }
      },
    },
  );
}

parentPort?.on("message", (order: LaneOrder) => void measure(order));
parentPort?.postMessage("ready");
