/**
 * Whether the smallest digests of a node's units are likely, had it hashed all nonces. The smallest of n digests, times
 * n and divided by 2^256, is 1 on average and distributed as exp(-x); the sum over k units has a Gamma distribution of
 * shape k. Who leaves out a part of every unit has larger ones. An alarm is no proof, so it costs a node nothing: the
 * record names it, and the claim is replayed as a whole.
 *
 * Whole numbers alone: every member of a team comes to the same.
 */
import { toHex } from "../../crypto/hash.ts";

/** Shares are counted in this part of 1. */
const SCALE_BITS = 32n;
const DIGEST_BITS = 256n;

interface Block {
  /** So many units are looked at together. */
  readonly units: number;
  /** An honest node's sum is above this once in a million times. */
  readonly limit: bigint;
}

/** A quarter left out is found in 640 units with 99.5 %, a tenth in 2,560 with 74 %. */
export const BLOCKS: readonly Block[] = [
  { units: 640, limit: 3_296_515_257_912n },
  { units: 2560, limit: 12_059_171_264_923n },
];

/**
 * The smallest digest of a unit, as a share of what is usual.
 * @param nonces of the unit @param digest 32 bytes, the smallest of its digests
 */
export function unitShare(nonces: bigint, digest: Uint8Array): bigint {
  return (nonces * BigInt(`0x${toHex(digest)}`)) >> (DIGEST_BITS - SCALE_BITS);
}

/**
 * True when a whole block of units, cut from the first unit on, is too unlikely. Each block is looked at once, with the
 * claim that its last unit is part of.
 * @param shares of all units that a node has claimed in a job, in the order of its claims
 * @param fresh how many of them are new, the last ones
 */
export function isUnlikely(shares: readonly bigint[], fresh: number): boolean {
  return BLOCKS.some(({ units, limit }) => {
    const last = shares.length - (shares.length % units);
    const firstFresh = shares.length - fresh;
    for (let end = last; end > firstFresh && end >= units; end -= units) {
      let sum = 0n;
      for (let at = end - units; at < end; at++) sum += shares[at] ?? 0n;
      if (sum > limit) return true;
    }
    return false;
  });
}
