/**
 * Weighted draws from public randomness: prefix sums and a 128-bit number modulo the total (the bias is below 2^-64 if
 * all weights together are below 2^64). Every node computes the same result; none can choose it.
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

/** The hash from which numbers are read. It is kept, because making a view of bytes takes longer than reading it. */
const digest = new Uint8Array(32);
const words = new DataView(digest.buffer);

/** Half of `digest`, big-endian. */
function halfOf(half: 0 | 1): bigint {
  return (words.getBigUint64(16 * half) << 64n) | words.getBigUint64(16 * half + 8);
}

/** From this number of positions on, a tree is faster than a list of the drawn ones. */
const MANY = 64;

/**
 * All positions with weight in a drawn order: each next one is drawn among the remaining ones with a probability in
 * proportion to its weight. The order depends only on seed, tag and weights, so a reader that skips a position changes
 * nothing for the others.
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
 * than one, because its sums are computed once.
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
