// The compression function of BLAKE2b (RFC 7693) on two messages at once, one in each lane of a vector.

/** Words of a block or a state lie one after another, two lanes each. */
export const WORD: usize = 16;
export const BLOCK_BYTES: i32 = 128;

export const START: usize = memory.data<u64>(
  [
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
  ],
  16,
);

/** The order of the message's words in each round. */
const SIGMA: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
]);
const SIGMA_END: usize = SIGMA + 192;

// @ts-expect-error: decorator
@inline
function word(block: usize, sigma: usize, place: usize): v128 {
  return v128.load(block + (<usize>load<u8>(sigma + place) << 4));
}

/** a + b + m. */
// @ts-expect-error: decorator
@inline
function sum(a: v128, b: v128, m: v128): v128 {
  return i64x2.add(i64x2.add(a, b), m);
}

// @ts-expect-error: decorator
@inline
function rotate32(x: v128): v128 {
  return i8x16.shuffle(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}

// @ts-expect-error: decorator
@inline
function rotate24(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
}

// @ts-expect-error: decorator
@inline
function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
}

// @ts-expect-error: decorator
@inline
function rotate63(x: v128): v128 {
  return v128.xor(i64x2.add(x, x), i64x2.shr_u(x, 63));
}

// @ts-expect-error: decorator
@inline
function put(result: usize, state: usize, place: usize, low: v128, high: v128): void {
  v128.store(result + place * WORD, v128.xor(v128.load(state + place * WORD), v128.xor(low, high)));
}

/**
 * result = what 12 rounds over the block make of the state; all three are words of two lanes.
 * @param counted bytes of the message up to the end of this block
 */
export function compress(state: usize, block: usize, counted: u64, isLast: bool, result: usize): void {
  let v0 = v128.load(state, 0);
  let v1 = v128.load(state, 16);
  let v2 = v128.load(state, 32);
  let v3 = v128.load(state, 48);
  let v4 = v128.load(state, 64);
  let v5 = v128.load(state, 80);
  let v6 = v128.load(state, 96);
  let v7 = v128.load(state, 112);
  let v8 = v128.load64_splat(START);
  let v9 = v128.load64_splat(START + 8);
  let v10 = v128.load64_splat(START + 16);
  let v11 = v128.load64_splat(START + 24);
  let v12 = v128.xor(v128.load64_splat(START + 32), i64x2.splat(counted));
  let v13 = v128.load64_splat(START + 40);
  let v14 = v128.xor(v128.load64_splat(START + 48), i64x2.splat(isLast ? -1 : 0));
  let v15 = v128.load64_splat(START + 56);
  for (let s = SIGMA; s < SIGMA_END; s += 16) {
    v0 = sum(v0, v4, word(block, s, 0));
    v1 = sum(v1, v5, word(block, s, 2));
    v2 = sum(v2, v6, word(block, s, 4));
    v3 = sum(v3, v7, word(block, s, 6));
    v12 = rotate32(v128.xor(v12, v0));
    v13 = rotate32(v128.xor(v13, v1));
    v14 = rotate32(v128.xor(v14, v2));
    v15 = rotate32(v128.xor(v15, v3));
    v8 = i64x2.add(v8, v12);
    v9 = i64x2.add(v9, v13);
    v10 = i64x2.add(v10, v14);
    v11 = i64x2.add(v11, v15);
    v4 = rotate24(v128.xor(v4, v8));
    v5 = rotate24(v128.xor(v5, v9));
    v6 = rotate24(v128.xor(v6, v10));
    v7 = rotate24(v128.xor(v7, v11));
    v0 = sum(v0, v4, word(block, s, 1));
    v1 = sum(v1, v5, word(block, s, 3));
    v2 = sum(v2, v6, word(block, s, 5));
    v3 = sum(v3, v7, word(block, s, 7));
    v12 = rotate16(v128.xor(v12, v0));
    v13 = rotate16(v128.xor(v13, v1));
    v14 = rotate16(v128.xor(v14, v2));
    v15 = rotate16(v128.xor(v15, v3));
    v8 = i64x2.add(v8, v12);
    v9 = i64x2.add(v9, v13);
    v10 = i64x2.add(v10, v14);
    v11 = i64x2.add(v11, v15);
    v4 = rotate63(v128.xor(v4, v8));
    v5 = rotate63(v128.xor(v5, v9));
    v6 = rotate63(v128.xor(v6, v10));
    v7 = rotate63(v128.xor(v7, v11));
    v0 = sum(v0, v5, word(block, s, 8));
    v1 = sum(v1, v6, word(block, s, 10));
    v2 = sum(v2, v7, word(block, s, 12));
    v3 = sum(v3, v4, word(block, s, 14));
    v15 = rotate32(v128.xor(v15, v0));
    v12 = rotate32(v128.xor(v12, v1));
    v13 = rotate32(v128.xor(v13, v2));
    v14 = rotate32(v128.xor(v14, v3));
    v10 = i64x2.add(v10, v15);
    v11 = i64x2.add(v11, v12);
    v8 = i64x2.add(v8, v13);
    v9 = i64x2.add(v9, v14);
    v5 = rotate24(v128.xor(v5, v10));
    v6 = rotate24(v128.xor(v6, v11));
    v7 = rotate24(v128.xor(v7, v8));
    v4 = rotate24(v128.xor(v4, v9));
    v0 = sum(v0, v5, word(block, s, 9));
    v1 = sum(v1, v6, word(block, s, 11));
    v2 = sum(v2, v7, word(block, s, 13));
    v3 = sum(v3, v4, word(block, s, 15));
    v15 = rotate16(v128.xor(v15, v0));
    v12 = rotate16(v128.xor(v12, v1));
    v13 = rotate16(v128.xor(v13, v2));
    v14 = rotate16(v128.xor(v14, v3));
    v10 = i64x2.add(v10, v15);
    v11 = i64x2.add(v11, v12);
    v8 = i64x2.add(v8, v13);
    v9 = i64x2.add(v9, v14);
    v5 = rotate63(v128.xor(v5, v10));
    v6 = rotate63(v128.xor(v6, v11));
    v7 = rotate63(v128.xor(v7, v8));
    v4 = rotate63(v128.xor(v4, v9));
  }
  put(result, state, 0, v0, v8);
  put(result, state, 1, v1, v9);
  put(result, state, 2, v2, v10);
  put(result, state, 3, v3, v11);
  put(result, state, 4, v4, v12);
  put(result, state, 5, v5, v13);
  put(result, state, 6, v6, v14);
  put(result, state, 7, v7, v15);
}
