/** Runs of units as bytes. */
import type { UnitRun } from "./task.ts";

export const RUN_BYTES = 16;

export function encodeRuns(runs: readonly UnitRun[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(RUN_BYTES * runs.length));
  runs.forEach(({ from, to }, i) => {
    view.setBigUint64(RUN_BYTES * i, BigInt(from), true);
    view.setBigUint64(RUN_BYTES * i + 8, BigInt(to), true);
  });
  return new Uint8Array(view.buffer);
}

/** @param bytes of whole runs @throws RangeError for runs that are empty, touch or are not in order */
export function decodeRuns(bytes: Uint8Array): UnitRun[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = -1;
  return Array.from({ length: bytes.length / RUN_BYTES }, (_, i) => {
    const from = Number(view.getBigUint64(RUN_BYTES * i, true));
    const to = Number(view.getBigUint64(RUN_BYTES * i + 8, true));
    if (from <= end || to <= from) throw new RangeError(`units ${from} to ${to} after ${end}`);
    end = to;
    return { from, to };
  });
}
