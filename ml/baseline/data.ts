/**
 * The baseline's synthetic data: ten integer patterns per round, rows that show one of them under
 * noise three times as strong. Integer draws scaled by a power of two, so all values are exact; hard
 * enough that accuracy tells training from guessing.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { type Shard, shardOf } from "../dataset/shard.ts";
import { Random } from "../random.ts";
import { CLASSES, INPUT_SIZE, SEGMENTS_PER_ROUND } from "./task.ts";

const ROWS = 1024;
const NOISE = 3;
const UNIT = 2 ** -8;

/** Fresh rows for one segment: they depend on its start state, so no segment can be run early. */
export function segmentRows(seed: Uint8Array, index: number, startHash: Uint8Array): Shard {
  const random = new Random(
    taggedHash("poml/baseline-rows/v1", seed, uint32Bytes(index), startHash),
  );
  return noisyRows(patternsOf(seed, roundOf(index)), random);
}

/** The rows a round is tested on. */
export function testRows(seed: Uint8Array, index: number): Shard {
  const round = roundOf(index);
  const random = new Random(taggedHash("poml/baseline-test/v1", seed, uint32Bytes(round)));
  return noisyRows(patternsOf(seed, round), random);
}

function roundOf(index: number): number {
  return Math.floor(index / SEGMENTS_PER_ROUND);
}

function patternsOf(seed: Uint8Array, round: number): Uint8Array {
  const random = new Random(taggedHash("poml/baseline-patterns/v1", seed, uint32Bytes(round)));
  return randomBytes(random, CLASSES * INPUT_SIZE);
}

function noisyRows(patterns: Uint8Array, random: Random): Shard {
  const labels = Uint16Array.from({ length: ROWS }, () => random.below(CLASSES));
  const noise = randomBytes(random, ROWS * INPUT_SIZE);
  const features = new Float32Array(ROWS * INPUT_SIZE);
  let at = 0;
  for (const label of labels) {
    const first = label * INPUT_SIZE;
    for (let k = 0; k < INPUT_SIZE; k++, at++) {
      const signal = (patterns[first + k] ?? 0) - 128;
      features[at] = (signal + NOISE * ((noise[at] ?? 0) - 128)) * UNIT;
    }
  }
  const format = { scale: 1, rowSize: INPUT_SIZE, classes: CLASSES };
  return shardOf(format, [{ rowSize: INPUT_SIZE, features, labels }]);
}

/** Four bytes of every draw, lowest first. `length` is a multiple of 4. */
function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(length));
  for (let at = 0; at < length; at += 4) bytes.setUint32(at, random.nextU32(), true);
  return new Uint8Array(bytes.buffer);
}
