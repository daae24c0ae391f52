/**
 * Tests whether the smallest digests of a node's units fit the claim that it hashed all nonces. The smallest of n
 * digests, times n and divided by 2^256, is the share of a unit. It is 1 on average, and exceeds x with a probability
 * of at most exp(-x). A node that leaves out a part p of its nonces has shares of 1 / (1 - p) on average.
 *
 * The test is sequential, so it may be repeated after every claim of a job. For a part p, the product of
 * (1 - p) exp(p x) over the shares x of an honest node is a supermartingale. By Ville's inequality it ever reaches 1 / a
 * with a probability of at most a. Its logarithm reaches ln(1 / a) when the sum of the shares reaches
 * units * -ln(1 - p) / p + ln(1 / a) / p: a straight line for each p.
 *
 * An alarm is no proof and costs the node nothing: its whole claim is replayed. All numbers are integers: the lines are
 * rounded up.
 */
import { toHex } from "../../crypto/hash.ts";

/** Shares are counted in fractions of 1; this is the denominator. */
const SCALE_BITS = 32n;
const DIGEST_BITS = 256n;
/** Larger shares of a unit count as this one, so that the sum over a claim fits 64 bits. */
export const MOST_SHARE: bigint = 1n << (12n + SCALE_BITS);

interface Line {
  /** For each unit. */
  readonly slope: bigint;
  readonly height: bigint;
}

/**
 * For p = 1/2, 1/4, 1/8, 1/16, 1/32, 1/64, each with a = 1 / 6,000,000: one false alarm in a million jobs of a node.
 */
export const LINES: readonly Line[] = [
  { slope: 5_954_088_944n, height: 134_065_428_694n },
  { slope: 4_942_340_372n, height: 268_130_857_387n },
  { slope: 4_588_103_715n, height: 536_261_714_774n },
  { slope: 4_435_053_402n, height: 1_072_523_429_547n },
  { slope: 4_363_507_871n, height: 2_145_046_859_093n },
  { slope: 4_328_875_402n, height: 4_290_093_718_185n },
];

/**
 * The smallest digest of a unit in proportion to its expected value.
 * @param nonces of the unit @param digest 32 bytes, the smallest of its digests
 */
export function unitShare(nonces: bigint, digest: Uint8Array): bigint {
  const share = (nonces * BigInt(`0x${toHex(digest)}`)) >> (DIGEST_BITS - SCALE_BITS);
  return share < MOST_SHARE ? share : MOST_SHARE;
}

/** @param share the sum of the shares of these units */
export function isUnlikely(units: bigint, share: bigint): boolean {
  return LINES.some(({ slope, height }) => share >= units * slope + height);
}
