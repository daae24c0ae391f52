// The optimizers, element by element over packed parameters: w weights, g gradients.

/** w = w - rate · g. */
export function sgd(w: usize, g: usize, n: i32, rate: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const rates = f32x4.splat(rate);
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, v128.load(g + at))));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    store<f32>(w + at, load<f32>(w + at) - rate * load<f32>(g + at));
  }
}

/** v = momentum · v + g; w = w - rate · v. */
export function sgdMomentum(w: usize, v: usize, g: usize, n: i32, rate: f32, momentum: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const rates = f32x4.splat(rate);
    const momenta = f32x4.splat(momentum);
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      const velocity = f32x4.add(f32x4.mul(momenta, v128.load(v + at)), v128.load(g + at));
      v128.store(v + at, velocity);
      v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(rates, velocity)));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    const velocity: f32 = momentum * load<f32>(v + at) + load<f32>(g + at);
    store<f32>(v + at, velocity);
    store<f32>(w + at, load<f32>(w + at) - rate * velocity);
  }
}

/**
 * m = b1 · m + (1 - b1) · g; v = b2 · v + (1 - b2) · g²;
 * w = w - rate · ((m / c1) / (sqrt(v / c2) + epsilon)), c1 and c2 the corrections of this step.
 */
export function adam(
  w: usize,
  m: usize,
  v: usize,
  g: usize,
  n: i32,
  rate: f32,
  b1: f32,
  b2: f32,
  c1: f32,
  c2: f32,
  epsilon: f32,
): void {
  const r1: f32 = 1 - b1;
  const r2: f32 = 1 - b2;
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      const gradient = v128.load(g + at);
      const first = f32x4.add(
        f32x4.mul(f32x4.splat(b1), v128.load(m + at)),
        f32x4.mul(f32x4.splat(r1), gradient),
      );
      const second = f32x4.add(
        f32x4.mul(f32x4.splat(b2), v128.load(v + at)),
        f32x4.mul(f32x4.splat(r2), f32x4.mul(gradient, gradient)),
      );
      v128.store(m + at, first);
      v128.store(v + at, second);
      const spread = f32x4.sqrt(f32x4.div(second, f32x4.splat(c2)));
      const step = f32x4.div(
        f32x4.div(first, f32x4.splat(c1)),
        f32x4.add(spread, f32x4.splat(epsilon)),
      );
      v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(f32x4.splat(rate), step)));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    const gradient: f32 = load<f32>(g + at);
    const first: f32 = b1 * load<f32>(m + at) + r1 * gradient;
    const second: f32 = b2 * load<f32>(v + at) + r2 * (gradient * gradient);
    store<f32>(m + at, first);
    store<f32>(v + at, second);
    const step: f32 = first / c1 / (sqrt<f32>(second / c2) + epsilon);
    store<f32>(w + at, load<f32>(w + at) - rate * step);
  }
}

/** a = a + g²; w = w - (rate · g) / sqrt(a + epsilon). */
export function adagrad(w: usize, a: usize, g: usize, n: i32, rate: f32, epsilon: f32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      const gradient = v128.load(g + at);
      const sum = f32x4.add(v128.load(a + at), f32x4.mul(gradient, gradient));
      v128.store(a + at, sum);
      const root = f32x4.sqrt(f32x4.add(sum, f32x4.splat(epsilon)));
      const step = f32x4.div(f32x4.mul(f32x4.splat(rate), gradient), root);
      v128.store(w + at, f32x4.sub(v128.load(w + at), step));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    const gradient: f32 = load<f32>(g + at);
    const sum: f32 = load<f32>(a + at) + gradient * gradient;
    store<f32>(a + at, sum);
    store<f32>(w + at, load<f32>(w + at) - (rate * gradient) / sqrt<f32>(sum + epsilon));
  }
}
