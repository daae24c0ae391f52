// The compression function of SHA-256 (FIPS 180-4) on four messages at once, one in each lane of a vector.

/** Words of a block or a state lie one after another, four lanes each. */
export const WORD: usize = 16;

const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
], 16);
const K_END: usize = K + 192;

const START: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
], 16);

// @ts-expect-error: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
}

// @ts-expect-error: decorator
@inline
function bigSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotate(x, 2), rotate(x, 13)), rotate(x, 22));
}

// @ts-expect-error: decorator
@inline
function bigSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotate(x, 6), rotate(x, 11)), rotate(x, 25));
}

// @ts-expect-error: decorator
@inline
function sigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotate(x, 7), rotate(x, 18)), i32x4.shr_u(x, 3));
}

// @ts-expect-error: decorator
@inline
function sigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotate(x, 17), rotate(x, 19)), i32x4.shr_u(x, 10));
}

/** The next word of the message schedule, from those 16, 15, 7 and 2 places before it. */
// @ts-expect-error: decorator
@inline
function next(w16: v128, w15: v128, w7: v128, w2: v128): v128 {
  return i32x4.add(i32x4.add(w16, sigma0(w15)), i32x4.add(w7, sigma1(w2)));
}

/** The first sum of a round: h, with what e, f, g, the message and the constant at `k` add to it. */
// @ts-expect-error: decorator
@inline
function first(e: v128, f: v128, g: v128, h: v128, w: v128, k: usize): v128 {
  const sum = i32x4.add(i32x4.add(h, w), v128.load32_splat(k));
  return i32x4.add(i32x4.add(sum, v128.xor(g, v128.and(e, v128.xor(f, g)))), bigSigma1(e));
}

/** The second: of a, and the majority of a, b, c. */
// @ts-expect-error: decorator
@inline
function second(a: v128, b: v128, c: v128): v128 {
  return i32x4.add(bigSigma0(a), v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c))));
}

export function startState(state: usize): void {
  for (let word: usize = 0; word < 8; word++) {
    v128.store(state + word * WORD, v128.load32_splat(START + 4 * word));
  }
}

/** result = state + what 64 rounds over the block make of it; all three are words of four lanes. */
export function compress(state: usize, block: usize, result: usize): void {
  let a = v128.load(state, 0);
  let b = v128.load(state, 16);
  let c = v128.load(state, 32);
  let d = v128.load(state, 48);
  let e = v128.load(state, 64);
  let f = v128.load(state, 80);
  let g = v128.load(state, 96);
  let h = v128.load(state, 112);
  let w0 = v128.load(block, 0);
  let w1 = v128.load(block, 16);
  let w2 = v128.load(block, 32);
  let w3 = v128.load(block, 48);
  let w4 = v128.load(block, 64);
  let w5 = v128.load(block, 80);
  let w6 = v128.load(block, 96);
  let w7 = v128.load(block, 112);
  let w8 = v128.load(block, 128);
  let w9 = v128.load(block, 144);
  let w10 = v128.load(block, 160);
  let w11 = v128.load(block, 176);
  let w12 = v128.load(block, 192);
  let w13 = v128.load(block, 208);
  let w14 = v128.load(block, 224);
  let w15 = v128.load(block, 240);
  for (let k = K; ; k += 64) {
    h = first(e, f, g, h, w0, k);
    d = i32x4.add(d, h);
    h = i32x4.add(h, second(a, b, c));
    g = first(d, e, f, g, w1, k + 4);
    c = i32x4.add(c, g);
    g = i32x4.add(g, second(h, a, b));
    f = first(c, d, e, f, w2, k + 8);
    b = i32x4.add(b, f);
    f = i32x4.add(f, second(g, h, a));
    e = first(b, c, d, e, w3, k + 12);
    a = i32x4.add(a, e);
    e = i32x4.add(e, second(f, g, h));
    d = first(a, b, c, d, w4, k + 16);
    h = i32x4.add(h, d);
    d = i32x4.add(d, second(e, f, g));
    c = first(h, a, b, c, w5, k + 20);
    g = i32x4.add(g, c);
    c = i32x4.add(c, second(d, e, f));
    b = first(g, h, a, b, w6, k + 24);
    f = i32x4.add(f, b);
    b = i32x4.add(b, second(c, d, e));
    a = first(f, g, h, a, w7, k + 28);
    e = i32x4.add(e, a);
    a = i32x4.add(a, second(b, c, d));
    h = first(e, f, g, h, w8, k + 32);
    d = i32x4.add(d, h);
    h = i32x4.add(h, second(a, b, c));
    g = first(d, e, f, g, w9, k + 36);
    c = i32x4.add(c, g);
    g = i32x4.add(g, second(h, a, b));
    f = first(c, d, e, f, w10, k + 40);
    b = i32x4.add(b, f);
    f = i32x4.add(f, second(g, h, a));
    e = first(b, c, d, e, w11, k + 44);
    a = i32x4.add(a, e);
    e = i32x4.add(e, second(f, g, h));
    d = first(a, b, c, d, w12, k + 48);
    h = i32x4.add(h, d);
    d = i32x4.add(d, second(e, f, g));
    c = first(h, a, b, c, w13, k + 52);
    g = i32x4.add(g, c);
    c = i32x4.add(c, second(d, e, f));
    b = first(g, h, a, b, w14, k + 56);
    f = i32x4.add(f, b);
    b = i32x4.add(b, second(c, d, e));
    a = first(f, g, h, a, w15, k + 60);
    e = i32x4.add(e, a);
    a = i32x4.add(a, second(b, c, d));
    if (k == K_END) break;
    w0 = next(w0, w1, w9, w14);
    w1 = next(w1, w2, w10, w15);
    w2 = next(w2, w3, w11, w0);
    w3 = next(w3, w4, w12, w1);
    w4 = next(w4, w5, w13, w2);
    w5 = next(w5, w6, w14, w3);
    w6 = next(w6, w7, w15, w4);
    w7 = next(w7, w8, w0, w5);
    w8 = next(w8, w9, w1, w6);
    w9 = next(w9, w10, w2, w7);
    w10 = next(w10, w11, w3, w8);
    w11 = next(w11, w12, w4, w9);
    w12 = next(w12, w13, w5, w10);
    w13 = next(w13, w14, w6, w11);
    w14 = next(w14, w15, w7, w12);
    w15 = next(w15, w0, w8, w13);
  }
  v128.store(result, i32x4.add(a, v128.load(state, 0)), 0);
  v128.store(result, i32x4.add(b, v128.load(state, 16)), 16);
  v128.store(result, i32x4.add(c, v128.load(state, 32)), 32);
  v128.store(result, i32x4.add(d, v128.load(state, 48)), 48);
  v128.store(result, i32x4.add(e, v128.load(state, 64)), 64);
  v128.store(result, i32x4.add(f, v128.load(state, 80)), 80);
  v128.store(result, i32x4.add(g, v128.load(state, 96)), 96);
  v128.store(result, i32x4.add(h, v128.load(state, 112)), 112);
}
