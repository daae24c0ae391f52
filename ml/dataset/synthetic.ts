/**
 * Rows made by the integer PRNG: a pattern of random bytes under noise. All values are integer draws scaled by a power
 * of two, so they are exact in float32 and the same on every machine.
 */
import type { Random } from "../random.ts";
import { type Shard, shardOf } from "./shard.ts";

const UNIT = 2 ** -8;

export interface NoisyShape {
  /** Values of a row; a multiple of 4. */
  readonly rowSize: number;
  readonly classes: number;
  /** Amplitude of the noise, as a multiple of the amplitude of a pattern. */
  readonly noise: number;
}

export interface NoisyChoice {
  /** Patterns of `rowSize` bytes, one after the other. */
  readonly patterns: Uint8Array;
  /** For each row, the pattern that it shows. */
  readonly picks: Uint16Array;
  /** For each row, its class. */
  readonly labels: Uint16Array;
}

export function noisyRows(
  { rowSize, classes, noise: amplitude }: NoisyShape,
  { patterns, picks, labels }: NoisyChoice,
  random: Random,
): Shard {
  const noise = randomBytes(random, labels.length * rowSize);
  const features = new Float32Array(labels.length * rowSize);
  let at = 0;
  for (const pick of picks) {
    const first = pick * rowSize;
    for (let k = 0; k < rowSize; k++, at++) {
      const signal = (patterns[first + k] ?? 0) - 128;
      features[at] = (signal + amplitude * ((noise[at] ?? 0) - 128)) * UNIT;
    }
  }
  return shardOf({ scale: 1, rowSize, classes }, [{ rowSize, features, labels }]);
}

/** Four bytes from every draw, lowest first. `length` is a multiple of 4. */
export function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(length));
  for (let at = 0; at < length; at += 4) bytes.setUint32(at, random.nextU32(), true);
  return new Uint8Array(bytes.buffer);
}
