/**
 * Searches units one after another, one stretch a step, so that the caller may pause, stop, or pass on finds between
 * two steps. The result does not depend on how the stretches are cut.
 */
import { compareBytes } from "../../chain/crypto/hash.ts";
import {
  RUNNING_DIGEST_BYTES,
  type SearchedUnit,
} from "../../chain/workload/search/segment-leaf.ts";
import { type Cut, unitAt } from "../../chain/workload/search/units.ts";
import { MAX_STRETCH } from "./abi.ts";
import type { Find, Search, Stretch } from "./algorithm.ts";
import { combineRunningDigests } from "./running-digest.ts";

export interface UnitResult extends SearchedUnit {
  /** 32 bytes. */
  readonly minDigest: Uint8Array;
}

/** Units `from` to `to` of a search, the last one left out. */
export interface UnitsWork {
  readonly cut: Cut;
  readonly from: bigint;
  readonly to: bigint;
}

export interface SearchStep {
  /** Nonces hashed in this step. */
  readonly hashes: number;
  readonly finds: readonly Find[];
  /** The unit that this step finished. */
  readonly ended: UnitResult | undefined;
}

export interface SearchUnitsOptions {
  /** Number of nonces of the next step; default: the limit of a call. */
  readonly stretch?: () => number;
  /** The largest number of finds that a step reads, requested before each step; default: all. */
  readonly maxFinds?: () => number;
}

/**
 * @throws AlgorithmError as `Search.stretch`; RangeError for units out of range
 */
export function* searchUnits(
  search: Search,
  { cut, from, to }: UnitsWork,
  { stretch = () => MAX_STRETCH, maxFinds = () => MAX_STRETCH }: SearchUnitsOptions = {},
): Generator<SearchStep, void> {
  for (let unit = from; unit < to; unit++) {
    const nonces = unitAt(cut, unit);
    let sum: Sum | undefined;
    for (let at = nonces.from; at < nonces.to; ) {
      const left = nonces.to - at;
      const wanted = stretch();
      const hashes = left < BigInt(wanted) ? Number(left) : wanted;
      const part = search.stretch(at, hashes, maxFinds());
      sum = add(sum, part);
      at += BigInt(hashes);
      const ended = at === nonces.to ? resultOf(unit, sum) : undefined;
      yield { hashes, finds: part.finds, ended };
    }
  }
}

interface Sum {
  readonly min: Find;
  readonly running: Uint8Array;
}

/** Parts arrive in order of their nonces, so of equal digests the earlier one is kept. */
function add(sum: Sum | undefined, { min, running }: Stretch): Sum {
  const before = sum?.running ?? new Uint8Array(RUNNING_DIGEST_BYTES);
  const isSmaller = sum === undefined || compareBytes(min.digest, sum.min.digest) < 0;
  return { min: isSmaller ? min : sum.min, running: combineRunningDigests(before, running) };
}

function resultOf(unit: bigint, { min, running }: Sum): UnitResult {
  return { unit, minNonce: min.nonce, minDigest: min.digest, running };
}
