/**
 * The deterministic generator for all randomness in training: xoshiro128** seeded from 32 bytes. It uses integer
 * operations only, so every machine draws the same numbers. Not for keys or secrets. The sequence is part of the audit
 * rules: a change would change every recorded training run.
 */

export const SEED_BYTES = 32;

/** Outputs that are dropped after seeding, so that related seeds give unrelated first values. */
const WARM_UP = 16;

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed exactly 32 bytes, normally a SHA-256 */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) {
      throw new RangeError(`seed: expected ${SEED_BYTES} bytes, got ${seed.length}`);
    }
    const words = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    const lane = (index: number): number =>
      mix32(mix32(words.getInt32(index * 4, true) + index) ^ words.getInt32(index * 4 + 16, true));
    this.#a = lane(0);
    this.#b = lane(1);
    this.#c = lane(2);
    this.#d = lane(3);
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
    for (let index = 0; index < WARM_UP; index++) this.nextU32();
  }

  /** The next 32 bits, 0 to 2^32 - 1. */
  nextU32(): number {
    const b = this.#b;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = rotateLeft(d, 11);
    return result;
  }

  /** k * 2^-24 with k an integer, 0 <= value < 1: exact in float32 and float64. */
  uniform(): number {
    return (this.nextU32() >>> 8) * 2 ** -24;
  }

  /** An integer 0 <= value < limit without bias (rejection). @param limit 1 to 2^32 */
  below(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) {
      throw new RangeError(`limit: expected an integer from 1 to 2^32, got ${limit}`);
    }
    const usable = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const value = this.nextU32();
      if (value < usable) return value % limit;
    }
  }

  /** Fisher-Yates from the end, in place. Returns the same array. */
  shuffle<T extends Shuffleable>(items: T): T {
    const list: { [index: number]: unknown; readonly length: number } = items;
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = list[last];
      list[last] = list[other];
      list[other] = kept;
    }
    return items;
  }
}

export type Shuffleable = unknown[] | Int32Array | Uint32Array | Uint16Array | Uint8Array;

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Finaliser of MurmurHash3: every input bit affects every output bit. */
function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
