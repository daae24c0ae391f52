/**
 * Searches a range slice by slice, a stretch at a time: whoever takes the steps may pause between them, stop, or send
 * on what was found. How the stretches are cut changes nothing in the result.
 */
import { compareBytes } from "../../chain/crypto/hash.ts";
import { type SearchRange, sliceAt, sliceCount } from "../../chain/workload/search/range.ts";
import {
  addRunning,
  RUNNING_BYTES,
  type SliceClaim,
} from "../../chain/workload/search/slice-leaf.ts";
import { MAX_STRETCH } from "./abi.ts";
import type { Find, Search, Stretch } from "./algorithm.ts";

export interface SliceResult extends SliceClaim {
  readonly index: number;
  readonly minDigest: Uint8Array;
}

export interface SearchStep {
  /** Nonces hashed in this step. */
  readonly hashes: number;
  readonly finds: readonly Find[];
  /** The slice that this step ended. */
  readonly ended: SliceResult | undefined;
}

export interface SearchRangeOptions {
  /** The slice to go on with; default the first. */
  readonly slice?: number;
  /** One past the last slice; default: all of the range. */
  readonly endSlice?: number;
  /** Nonces of the next step; default: as many as a call takes. */
  readonly stretch?: () => number;
}

/** @throws AlgorithmError as `Search.stretch`; RangeError for a range without nonces, or slices it does not have */
export function* searchRange(
  search: Search,
  range: SearchRange,
  { slice = 0, endSlice = sliceCount(range), stretch = () => MAX_STRETCH }: SearchRangeOptions = {},
): Generator<SearchStep, void> {
  for (let index = slice; index < endSlice; index++) {
    const { from, to } = sliceAt(range, index);
    let sum: Sum | undefined;
    for (let at = from; at < to; ) {
      const left = to - at;
      const wanted = stretch();
      const hashes = left < BigInt(wanted) ? Number(left) : wanted;
      const part = search.stretch(at, hashes);
      sum = add(sum, part);
      at += BigInt(hashes);
      const ended = at === to ? resultOf(index, sum) : undefined;
      yield { hashes, finds: part.finds, ended };
    }
  }
}

interface Sum {
  readonly min: Find;
  readonly running: Uint8Array;
}

/** Parts come by rising nonce, so of equal digests the one that is there stays. */
function add(sum: Sum | undefined, { min, running }: Stretch): Sum {
  const before = sum?.running ?? new Uint8Array(RUNNING_BYTES);
  const isSmaller = sum === undefined || compareBytes(min.digest, sum.min.digest) < 0;
  return { min: isSmaller ? min : sum.min, running: addRunning(before, running) };
}

function resultOf(index: number, { min, running }: Sum): SliceResult {
  return { index, minNonce: min.nonce, minDigest: min.digest, running };
}

/** All of one slice, as an auditor repeats it. @throws as `searchRange` */
export function replaySlice(search: Search, range: SearchRange, index: number): SliceResult {
  for (const { ended } of searchRange(search, range, { slice: index, endSlice: index + 1 })) {
    if (ended !== undefined) return ended;
  }
  throw new RangeError(`slice ${index} of nonces ${range.from} to ${range.to}`);
}
