/**
 * Weighted draws from public randomness: prefix sums and a 128-bit number taken modulo the total (bias below 2^-64
 * where all weights together are below 2^64). Everyone computes the same result; nobody chooses it.
 */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { WeightList } from "./weight-list.ts";
import { WeightTree } from "./weight-tree.ts";

/** An integer in [0, total) from a seed, a purpose and a counter. */
export function drawBelow(seed: Uint8Array, tag: string, counter: number, total: bigint): bigint {
  if (total <= 0n) throw new RangeError(`drawBelow needs a positive total, got ${total}`);
  digest.set(taggedHash(tag, seed, uint32Bytes(counter)));
  return ((halfOf(0) << 128n) | halfOf(1)) % total;
}

/** The hash that numbers are read from: kept, since a view of bytes takes longer to make than to read. */
const digest = new Uint8Array(32);
const words = new DataView(digest.buffer);

/** Of `digest`, big-endian. */
function halfOf(half: 0 | 1): bigint {
  return (words.getBigUint64(16 * half) << 64n) | words.getBigUint64(16 * half + 8);
}

/** With at least so many positions a tree is faster than a list of those that were drawn. */
const MANY = 64;

/**
 * All positions of weight in a drawn order: the next one is each of those left with a chance proportional to its
 * weight. The order depends on seed, tag and weights alone, so a reader that passes over a position changes nothing
 * for the others.
 * @param weights at least 0 each; the same list must never change
 */
export function* weightedOrder(
  seed: Uint8Array,
  tag: string,
  weights: readonly bigint[],
): Generator<number> {
  let counter = 0;
  let spare = 0n;
  let left: WeightList | WeightTree = new WeightList(weights);
  const come: number[] = [];
  while (left.total > 0n) {
    let number = spare;
    if (counter % 2 === 0) {
      digest.set(taggedHash(tag, seed, uint32Bytes(counter / 2)));
      number = halfOf(0);
      spare = halfOf(1);
    }
    counter++;
    const position = left.at(number % left.total);
    left.remove(position);
    yield position;
    if (counter < MANY) come.push(position);
    else if (counter === MANY) {
      left = new WeightTree(weights);
      for (const earlier of [...come, position]) left.remove(earlier);
    }
  }
}

/**
 * The first `count` positions of the weighted order that may take a place. Many draws from one list cost little more
 * than one: its sums are worked out once.
 */
export function drawWithoutReplacement(
  seed: Uint8Array,
  tag: string,
  weights: readonly bigint[],
  count: number,
  mayTake: (position: number) => boolean = () => true,
): number[] {
  const drawn: number[] = [];
  if (count <= 0) return drawn;
  for (const position of weightedOrder(seed, tag, weights)) {
    if (mayTake(position)) drawn.push(position);
    if (drawn.length === count) break;
  }
  return drawn;
}
