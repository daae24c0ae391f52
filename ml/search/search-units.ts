/**
 * Searches units one after another, a stretch at a time: whoever takes the steps may pause between them, stop, or send
 * on what was found. How the stretches are cut changes nothing in the result.
 */
import { compareBytes } from "../../chain/crypto/hash.ts";
import {
  RUNNING_DIGEST_BYTES,
  type SearchedUnit,
} from "../../chain/workload/search/segment-leaf.ts";
import { type Cut, unitAt } from "../../chain/workload/search/units.ts";
import { MAX_STRETCH } from "./abi.ts";
import type { Find, Search, Stretch } from "./algorithm.ts";
import { addRunning } from "./running.ts";

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
  /** The unit that this step ended. */
  readonly ended: UnitResult | undefined;
}

export interface SearchUnitsOptions {
  /** Nonces of the next step; default: as many as a call takes. */
  readonly stretch?: () => number;
  /** Finds that a step reads at most, asked before each; default: all. */
  readonly maxFinds?: () => number;
}

/**
 * @throws AlgorithmError as `Search.stretch`; RangeError for units that there are not
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

/** Parts come by rising nonce, so of equal digests the one that is there stays. */
function add(sum: Sum | undefined, { min, running }: Stretch): Sum {
  const before = sum?.running ?? new Uint8Array(RUNNING_DIGEST_BYTES);
  const isSmaller = sum === undefined || compareBytes(min.digest, sum.min.digest) < 0;
  return { min: isSmaller ? min : sum.min, running: addRunning(before, running) };
}

function resultOf(unit: bigint, { min, running }: Sum): UnitResult {
  return { unit, minNonce: min.nonce, minDigest: min.digest, running };
}
