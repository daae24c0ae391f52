/**
 * The baseline's synthetic data: ten integer patterns per round, and rows that show one of them under noise three times
 * as strong. All values are integer draws scaled by a power of two, so they are exact. The task is hard enough that
 * accuracy distinguishes training from guessing.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import type { Shard } from "../dataset/shard.ts";
import { noisyRows, randomBytes } from "../dataset/synthetic.ts";
import { Random } from "../random.ts";
import { CLASSES, INPUT_SIZE, SEGMENTS_PER_ROUND } from "./task.ts";

const ROWS = 1024;
const NOISE = 3;

/** New rows for one segment. They depend on its start state, so no segment can be run early. */
export function segmentRows(seed: Uint8Array, index: number, startHash: Uint8Array): Shard {
  const random = new Random(
    taggedHash("poml/baseline-rows/v1", seed, uint32Bytes(index), startHash),
  );
  return rowsOf(patternsOf(seed, roundOf(index)), random);
}

/** The rows on which a round is tested. */
export function testRows(seed: Uint8Array, index: number): Shard {
  const round = roundOf(index);
  const random = new Random(taggedHash("poml/baseline-test/v1", seed, uint32Bytes(round)));
  return rowsOf(patternsOf(seed, round), random);
}

function roundOf(index: number): number {
  return Math.floor(index / SEGMENTS_PER_ROUND);
}

function patternsOf(seed: Uint8Array, round: number): Uint8Array {
  const random = new Random(taggedHash("poml/baseline-patterns/v1", seed, uint32Bytes(round)));
  return randomBytes(random, CLASSES * INPUT_SIZE);
}

function rowsOf(patterns: Uint8Array, random: Random): Shard {
  const labels = Uint16Array.from({ length: ROWS }, () => random.below(CLASSES));
  const shape = { rowSize: INPUT_SIZE, classes: CLASSES, noise: NOISE };
  return noisyRows(shape, { patterns, picks: labels, labels }, random);
}
