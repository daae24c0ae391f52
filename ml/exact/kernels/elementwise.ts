// Element by element: sums of gradients and outputs, dropout, clipping and scaling.

/** y += x. */
export function addInto(x: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      v128.store(y + at, f32x4.add(v128.load(y + at), v128.load(x + at)));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    store<f32>(y + at, load<f32>(y + at) + load<f32>(x + at));
  }
}

/** `rows` runs of `rowBytes` bytes, from xStride to yStride bytes apart. */
export function copyRows(
  x: usize,
  xStride: usize,
  y: usize,
  yStride: usize,
  rows: i32,
  rowBytes: usize,
): void {
  let from: usize = x;
  let to: usize = y;
  for (let row: i32 = 0; row < rows; row++) {
    memory.copy(to, from, rowBytes);
    from += xStride;
    to += yStride;
  }
}

/** 32 well-mixed bits of (seed, index): the finaliser of MurmurHash3 over a Weyl step. */
// @ts-expect-error: decorator
@inline
function mixBits(seed: u32, index: u32): u32 {
  let z: u32 = seed + index * 0x9e3779b9;
  z = (z ^ (z >> 16)) * 0x85ebca6b;
  z = (z ^ (z >> 13)) * 0xc2b2ae35;
  return z ^ (z >> 16);
}

/**
 * y[i] = x[i] · scale where the bits of (seed, i) are at least `threshold`, else +0. The same call
 * masks the gradient.
 */
export function dropout(
  x: usize,
  y: usize,
  n: i32,
  seed: u32,
  threshold: u32,
  scale: f32,
): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const scales = f32x4.splat(scale);
    const thresholds = i32x4.splat(threshold);
    const m1 = i32x4.splat(0x85ebca6b);
    const m2 = i32x4.splat(0xc2b2ae35);
    for (; i + 4 <= n; i += 4) {
      const index = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
      let z = i32x4.add(i32x4.splat(seed), i32x4.mul(index, i32x4.splat(0x9e3779b9)));
      z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), m1);
      z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 13)), m2);
      z = v128.xor(z, i32x4.shr_u(z, 16));
      const at: usize = <usize>i << 2;
      const kept = f32x4.mul(v128.load(x + at), scales);
      v128.store(y + at, v128.and(kept, i32x4.ge_u(z, thresholds)));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    store<f32>(y + at, mixBits(seed, <u32>i) >= threshold ? load<f32>(x + at) * scale : 0);
  }
}

/** x = x · factor. */
export function scale(x: usize, n: i32, factor: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const factors = f32x4.splat(factor);
    for (; i + 4 <= n; i += 4) {
      const at: usize = x + (<usize>i << 2);
      v128.store(at, f32x4.mul(v128.load(at), factors));
    }
  }
  for (; i < n; i++) {
    const at: usize = x + (<usize>i << 2);
    store<f32>(at, load<f32>(at) * factor);
  }
}

/** Every x into [-limit, limit]; NaN stays. */
export function clipByValue(x: usize, n: i32, limit: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const high = f32x4.splat(limit);
    const low = f32x4.splat(-limit);
    for (; i + 4 <= n; i += 4) {
      const at: usize = x + (<usize>i << 2);
      v128.store(at, f32x4.pmin(f32x4.pmax(v128.load(at), low), high));
    }
  }
  for (; i < n; i++) {
    const at: usize = x + (<usize>i << 2);
    const value: f32 = load<f32>(at);
    store<f32>(at, value < -limit ? -limit : value > limit ? limit : value);
  }
}

/**
 * x · limit / norm when the norm of all n values (a multiple of 8) is above the limit. The squares are
 * summed in float64, value i into sum i mod 8; then the eight sums are added in order.
 */
export function clipByNorm(x: usize, n: i32, limit: f64): void {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  let s4: f64 = 0, s5: f64 = 0, s6: f64 = 0, s7: f64 = 0;
  const end: usize = x + (<usize>n << 2);
  for (let at: usize = x; at < end; at += 32) {
    const v0: f64 = load<f32>(at);
    const v1: f64 = load<f32>(at, 4);
    const v2: f64 = load<f32>(at, 8);
    const v3: f64 = load<f32>(at, 12);
    const v4: f64 = load<f32>(at, 16);
    const v5: f64 = load<f32>(at, 20);
    const v6: f64 = load<f32>(at, 24);
    const v7: f64 = load<f32>(at, 28);
    s0 += v0 * v0;
    s1 += v1 * v1;
    s2 += v2 * v2;
    s3 += v3 * v3;
    s4 += v4 * v4;
    s5 += v5 * v5;
    s6 += v6 * v6;
    s7 += v7 * v7;
  }
  const norm: f64 = sqrt<f64>(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7);
  if (norm > limit) scale(x, n, <f32>(limit / norm));
}
