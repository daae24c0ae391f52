/**
 * Which units a file of claims names, read piece by piece and without hashing: enough to refuse those that the log does
 * not give. Whether the rest of the file is right is for those that weigh it.
 */
import {
  CLAIM_HEAD_BYTES,
  CLAIMED_UNIT_BYTES,
  MAX_CLAIM_RUNS,
} from "../../../chain/workload/search/claims-file.ts";
import type { BlobSource } from "../../workers/blob-source.ts";
import type { Spans } from "./leases/span.ts";

/**
 * @param units by the commit
 * @returns undefined for a file to which no honest node commits
 * @throws what reading it throws
 */
export async function claimedRuns(file: BlobSource, units: number): Promise<Spans | undefined> {
  if (file.size < CLAIM_HEAD_BYTES + units * CLAIMED_UNIT_BYTES) return undefined;
  const runs: { from: number; to: number }[] = [];
  let skip = CLAIM_HEAD_BYTES;
  let left = units;
  let rest: Uint8Array = new Uint8Array(0);
  for await (const piece of file.pieces()) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = Math.min(skip, bytes.length);
    skip -= at;
    for (; left > 0 && at + CLAIMED_UNIT_BYTES <= bytes.length; at += CLAIMED_UNIT_BYTES) {
      const unit = Number(view.getBigUint64(at, true));
      const last = runs.at(-1);
      if (!Number.isSafeInteger(unit + 1) || unit < (last?.to ?? 0)) return undefined;
      if (last?.to === unit) last.to++;
      else if (runs.length === MAX_CLAIM_RUNS) return undefined;
      else runs.push({ from: unit, to: unit + 1 });
      left--;
    }
    if (left === 0) return runs;
    rest = bytes.slice(at);
  }
  return left === 0 ? runs : undefined;
}
