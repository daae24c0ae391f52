/**
 * When benchmark windows open and close, in heights: all nodes work at the same time, so one
 * machine cannot earn several ratings in turn. Window numbers start at 1; 0 stands
 * for the genesis benchmark.
 */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import type { Parameters } from "../types/genesis.ts";

export interface WindowSchedule {
  readonly window: number;
  /** Block whose mix seeds the work; work starts when it is final. */
  readonly opens: number;
  /** Block that ends the work. */
  readonly closes: number;
  /** Last block that takes claims; its mix draws the verifiers. */
  readonly claimsUntil: number;
  /** Last block that takes verdicts; claims are settled at its end at the latest. */
  readonly verdictsUntil: number;
}

export function windowSchedule(window: number, parameters: Parameters): WindowSchedule {
  const opens = parameters.windowOffset + (window - 1) * parameters.windowInterval;
  const closes = opens + parameters.windowBlocks;
  const claimsUntil = closes + parameters.claimBlocks;
  return {
    window,
    opens,
    closes,
    claimsUntil,
    verdictsUntil: claimsUntil + parameters.verdictBlocks,
  };
}

/** The last window opened at or before `height`; undefined before the first. */
export function windowAt(height: number, parameters: Parameters): WindowSchedule | undefined {
  if (height < parameters.windowOffset) return undefined;
  const past = Math.floor((height - parameters.windowOffset) / parameters.windowInterval);
  return windowSchedule(past + 1, parameters);
}

/** Seed of one node's work: fresh and its own, so nothing can be shared or prepared. */
export function laneSeed(mix: Uint8Array, publicKey: Uint8Array, lane: number): Uint8Array {
  return taggedHash("poml/lane/v1", mix, publicKey, uint32Bytes(lane));
}
