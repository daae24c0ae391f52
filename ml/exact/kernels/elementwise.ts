// Element by element, in place: relu, dropout, the optimizer.

/** x < 0 ? 0 : x, which keeps NaN. */
export function reluForward(x: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at: usize = x + (<usize>i << 2);
    v128.store(at, f32x4.pmax(v128.load(at), zero));
  }
  for (; i < n; i++) {
    const at: usize = x + (<usize>i << 2);
    const value: f32 = load<f32>(at);
    store<f32>(at, value < 0 ? 0 : value);
  }
}

/** dy becomes +0 where the output y is not above 0. */
export function reluBackward(y: usize, dy: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at: usize = <usize>i << 2;
    v128.store(dy + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero)));
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    if (!(load<f32>(y + at) > 0)) store<f32>(dy + at, 0);
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
 * Keeps x[i] · scale where the bits of (seed, i) are at least `threshold`, else +0. The same call
 * masks the gradient.
 */
export function dropout(x: usize, n: i32, seed: u32, threshold: u32, scale: f32): void {
  const scales = f32x4.splat(scale);
  const thresholds = i32x4.splat(threshold);
  const m1 = i32x4.splat(0x85ebca6b);
  const m2 = i32x4.splat(0xc2b2ae35);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const index = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
    let z = i32x4.add(i32x4.splat(seed), i32x4.mul(index, i32x4.splat(0x9e3779b9)));
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), m1);
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 13)), m2);
    z = v128.xor(z, i32x4.shr_u(z, 16));
    const at: usize = x + (<usize>i << 2);
    const kept = f32x4.mul(v128.load(at), scales);
    v128.store(at, v128.and(kept, i32x4.ge_u(z, thresholds)));
  }
  for (; i < n; i++) {
    const at: usize = x + (<usize>i << 2);
    store<f32>(at, mixBits(seed, <u32>i) >= threshold ? load<f32>(at) * scale : 0);
  }
}

/** v = momentum · v + g; w = w - rate · v. */
export function sgdMomentum(w: usize, v: usize, g: usize, n: i32, rate: f32, momentum: f32): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at: usize = <usize>i << 2;
    const velocity = f32x4.add(f32x4.mul(momenta, v128.load(v + at)), v128.load(g + at));
    v128.store(v + at, velocity);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, velocity)));
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    const velocity: f32 = momentum * load<f32>(v + at) + load<f32>(g + at);
    store<f32>(v + at, velocity);
    store<f32>(w + at, load<f32>(w + at) - rate * velocity);
  }
}

/** w = w - rate · g. */
export function sgd(w: usize, g: usize, n: i32, rate: f32): void {
  const rates = f32x4.splat(rate);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at: usize = <usize>i << 2;
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, v128.load(g + at))));
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
  }
}
