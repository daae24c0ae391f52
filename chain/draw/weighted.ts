/**
 * Weighted draws from public randomness: prefix sums and a 256-bit number taken modulo the total
 * (bias below 2^-190). Everyone computes the same result; nobody chooses it.
 */
import { taggedHash, toHex, uint32Bytes } from "../crypto/hash.ts";

/** An integer in [0, total) from a seed, a purpose and a counter. */
export function drawBelow(seed: Uint8Array, tag: string, counter: number, total: bigint): bigint {
  if (total <= 0n) throw new RangeError(`drawBelow needs a positive total, got ${total}`);
  return BigInt(`0x${toHex(taggedHash(tag, seed, uint32Bytes(counter)))}`) % total;
}

/**
 * Draws up to `count` positions without replacement, each with probability proportional to its
 * weight among those left. Positions of zero weight are never drawn.
 */
export function drawWithoutReplacement(
  seed: Uint8Array,
  tag: string,
  weights: readonly bigint[],
  count: number,
): number[] {
  const left = weights
    .map((weight, position) => ({ weight, position }))
    .filter((e) => e.weight > 0n);
  let total = left.reduce((sum, entry) => sum + entry.weight, 0n);
  const drawn: number[] = [];
  while (drawn.length < count && left.length > 0) {
    let ticket = drawBelow(seed, tag, drawn.length, total);
    const at = left.findIndex((entry) => {
      if (ticket < entry.weight) return true;
      ticket -= entry.weight;
      return false;
    });
    const [entry] = left.splice(at, 1);
    if (entry === undefined) throw new RangeError("weighted draw ran past its total");
    total -= entry.weight;
    drawn.push(entry.position);
  }
  return drawn;
}
