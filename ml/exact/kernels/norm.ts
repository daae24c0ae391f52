// Batch and layer normalisation over x (rows x channels). Where gamma or beta is 0 there is none. A
// normalised value is u = (x - mean) · inverse, inverse = 1 / sqrt(variance + epsilon).

// @ts-expect-error: decorator
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** y += x, or y += (x - mean)² where a mean is given, for one row. */
// @ts-expect-error: decorator
@inline
function addRow(x: usize, mean: usize, channels: i32, y: usize): void {
  let c: i32 = 0;
  for (; ASC_FEATURE_SIMD && c + 4 <= channels; c += 4) {
    let value = v128.load(at(x, c));
    if (mean) {
      value = f32x4.sub(value, v128.load(at(mean, c)));
      value = f32x4.mul(value, value);
    }
    v128.store(at(y, c), f32x4.add(v128.load(at(y, c)), value));
  }
  for (; c < channels; c++) {
    let value: f32 = load<f32>(at(x, c));
    if (mean) {
      value -= load<f32>(at(mean, c));
      value *= value;
    }
    store<f32>(at(y, c), load<f32>(at(y, c)) + value);
  }
}

function divide(x: usize, n: i32, by: f32): void {
  for (let c: i32 = 0; c < n; c++) store<f32>(at(x, c), load<f32>(at(x, c)) / by);
}

/** Mean and variance of every channel over the rows: sums by rising row, divided by their number. */
export function channelMoments(
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  variance: usize,
): void {
  memory.fill(mean, 0, <usize>channels << 2);
  memory.fill(variance, 0, <usize>channels << 2);
  for (let i: i32 = 0; i < rows; i++) addRow(at(x, i * channels), 0, channels, mean);
  divide(mean, channels, <f32>rows);
  for (let i: i32 = 0; i < rows; i++) addRow(at(x, i * channels), mean, channels, variance);
  divide(variance, channels, <f32>rows);
}

/** moving = moving - (moving - value) · decay. */
export function moveAverage(moving: usize, value: usize, n: i32, decay: f32): void {
  for (let i: i32 = 0; i < n; i++) {
    const old: f32 = load<f32>(at(moving, i));
    store<f32>(at(moving, i), old - (old - load<f32>(at(value, i))) * decay);
  }
}

/** inverse[i] = 1 / sqrt(variance[i] + epsilon); it may overwrite the variances. */
export function inverseDeviation(variance: usize, n: i32, epsilon: f32, inverse: usize): void {
  for (let i: i32 = 0; i < n; i++) {
    store<f32>(at(inverse, i), 1 / sqrt<f32>(load<f32>(at(variance, i)) + epsilon));
  }
}

// @ts-expect-error: decorator
@inline
function affine(u: f32, gamma: usize, beta: usize, c: i32): f32 {
  let y: f32 = u;
  if (gamma) y *= load<f32>(at(gamma, c));
  if (beta) y += load<f32>(at(beta, c));
  return y;
}

/** y = u · gamma + beta with the mean and inverse of every channel. */
export function batchNormForward(
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  beta: usize,
  y: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const from: usize = at(x, i * channels);
    const to: usize = at(y, i * channels);
    let c: i32 = 0;
    for (; ASC_FEATURE_SIMD && c + 4 <= channels; c += 4) {
      let u = f32x4.sub(v128.load(at(from, c)), v128.load(at(mean, c)));
      u = f32x4.mul(u, v128.load(at(inverse, c)));
      if (gamma) u = f32x4.mul(u, v128.load(at(gamma, c)));
      if (beta) u = f32x4.add(u, v128.load(at(beta, c)));
      v128.store(at(to, c), u);
    }
    for (; c < channels; c++) {
      const e: f32 = load<f32>(at(from, c)) - load<f32>(at(mean, c));
      store<f32>(at(to, c), affine(e * load<f32>(at(inverse, c)), gamma, beta, c));
    }
  }
}

/** Sums over rising rows of d · u (into dGamma) and of d (into dBeta), for both normalisations. */
export function normGradients(
  x: usize,
  d: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  inverse: usize,
  perRow: i32,
  dGamma: usize,
  dBeta: usize,
): void {
  if (dGamma) memory.fill(dGamma, 0, <usize>channels << 2);
  if (dBeta) memory.fill(dBeta, 0, <usize>channels << 2);
  for (let i: i32 = 0; i < rows; i++) {
    const from: usize = at(x, i * channels);
    const back: usize = at(d, i * channels);
    if (dBeta) addRow(back, 0, channels, dBeta);
    if (!dGamma) continue;
    let c: i32 = 0;
    for (; ASC_FEATURE_SIMD && c + 4 <= channels; c += 4) {
      const m = perRow ? v128.load_splat<f32>(at(mean, i)) : v128.load(at(mean, c));
      const r = perRow ? v128.load_splat<f32>(at(inverse, i)) : v128.load(at(inverse, c));
      const u = f32x4.mul(f32x4.sub(v128.load(at(from, c)), m), r);
      const product = f32x4.mul(v128.load(at(back, c)), u);
      v128.store(at(dGamma, c), f32x4.add(v128.load(at(dGamma, c)), product));
    }
    for (; c < channels; c++) {
      const s: i32 = perRow ? i : c;
      const u: f32 =
        (load<f32>(at(from, c)) - load<f32>(at(mean, s))) * load<f32>(at(inverse, s));
      store<f32>(at(dGamma, c), load<f32>(at(dGamma, c)) + load<f32>(at(back, c)) * u);
    }
  }
}

/**
 * dx = ((d - dBeta / rows) - u · (dGamma / rows)) · (inverse · gamma), from the sums of normGradients.
 */
export function batchNormInputGradient(
  x: usize,
  d: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  dGamma: usize,
  dBeta: usize,
  dx: usize,
): void {
  const count: f32 = <f32>rows;
  for (let i: i32 = 0; i < rows; i++) {
    const from: usize = at(x, i * channels);
    const back: usize = at(d, i * channels);
    const to: usize = at(dx, i * channels);
    let c: i32 = 0;
    if (ASC_FEATURE_SIMD) {
      const counts = f32x4.splat(count);
      for (; c + 4 <= channels; c += 4) {
        const r = v128.load(at(inverse, c));
        const u = f32x4.mul(f32x4.sub(v128.load(at(from, c)), v128.load(at(mean, c))), r);
        const slope = f32x4.div(v128.load(at(dGamma, c)), counts);
        const shift = f32x4.div(v128.load(at(dBeta, c)), counts);
        const e = f32x4.sub(f32x4.sub(v128.load(at(back, c)), shift), f32x4.mul(u, slope));
        const factor = gamma ? f32x4.mul(r, v128.load(at(gamma, c))) : r;
        v128.store(at(to, c), f32x4.mul(e, factor));
      }
    }
    for (; c < channels; c++) {
      const r: f32 = load<f32>(at(inverse, c));
      const u: f32 = (load<f32>(at(from, c)) - load<f32>(at(mean, c))) * r;
      const slope: f32 = load<f32>(at(dGamma, c)) / count;
      const shift: f32 = load<f32>(at(dBeta, c)) / count;
      const e: f32 = load<f32>(at(back, c)) - shift - u * slope;
      store<f32>(at(to, c), e * (gamma ? r * load<f32>(at(gamma, c)) : r));
    }
  }
}

/** Normalises every row; keeps its mean and inverse deviation for the backward pass. */
export function layerNormForward(
  x: usize,
  rows: i32,
  channels: i32,
  epsilon: f32,
  gamma: usize,
  beta: usize,
  mean: usize,
  inverse: usize,
  y: usize,
): void {
  const count: f32 = <f32>channels;
  for (let i: i32 = 0; i < rows; i++) {
    let sum: f32 = 0;
    for (let c: i32 = 0; c < channels; c++) sum += load<f32>(at(x, i * channels + c));
    const m: f32 = sum / count;
    sum = 0;
    for (let c: i32 = 0; c < channels; c++) {
      const e: f32 = load<f32>(at(x, i * channels + c)) - m;
      sum += e * e;
    }
    const r: f32 = 1 / sqrt<f32>(sum / count + epsilon);
    store<f32>(at(mean, i), m);
    store<f32>(at(inverse, i), r);
    for (let c: i32 = 0; c < channels; c++) {
      const u: f32 = (load<f32>(at(x, i * channels + c)) - m) * r;
      store<f32>(at(y, i * channels + c), affine(u, gamma, beta, c));
    }
  }
}

/**
 * With v = d · gamma: dx = ((v - sum(v) / channels) - u · (sum(v · u) / channels)) · inverse, sums by
 * rising channel.
 */
export function layerNormInputGradient(
  x: usize,
  d: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  inverse: usize,
  gamma: usize,
  dx: usize,
): void {
  const count: f32 = <f32>channels;
  for (let i: i32 = 0; i < rows; i++) {
    const m: f32 = load<f32>(at(mean, i));
    const r: f32 = load<f32>(at(inverse, i));
    let sum: f32 = 0;
    let products: f32 = 0;
    for (let c: i32 = 0; c < channels; c++) {
      const u: f32 = (load<f32>(at(x, i * channels + c)) - m) * r;
      const v: f32 = affine(load<f32>(at(d, i * channels + c)), gamma, 0, c);
      sum += v;
      products += v * u;
    }
    const shift: f32 = sum / count;
    const slope: f32 = products / count;
    for (let c: i32 = 0; c < channels; c++) {
      const u: f32 = (load<f32>(at(x, i * channels + c)) - m) * r;
      const v: f32 = affine(load<f32>(at(d, i * channels + c)), gamma, 0, c);
      store<f32>(at(dx, i * channels + c), (v - shift - u * slope) * r);
    }
  }
}
