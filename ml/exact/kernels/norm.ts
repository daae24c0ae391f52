// Batch and layer normalisation over x (rows x channels). Where gamma or beta is 0 there is none. A
// normalised value is u = (x - mean) · inverse, inverse = 1 / sqrt(variance + epsilon).

// @ts-expect-error: decorator
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** Mean and variance of every channel over the rows: sums by rising row, divided by their number. */
export function channelMoments(
  x: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  variance: usize,
): void {
  for (let c: i32 = 0; c < channels; c++) {
    let sum: f32 = 0;
    for (let i: i32 = 0; i < rows; i++) sum += load<f32>(at(x, i * channels + c));
    const m: f32 = sum / <f32>rows;
    sum = 0;
    for (let i: i32 = 0; i < rows; i++) {
      const e: f32 = load<f32>(at(x, i * channels + c)) - m;
      sum += e * e;
    }
    store<f32>(at(mean, c), m);
    store<f32>(at(variance, c), sum / <f32>rows);
  }
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
    for (let c: i32 = 0; c < channels; c++) {
      const e: f32 = load<f32>(at(x, i * channels + c)) - load<f32>(at(mean, c));
      const u: f32 = e * load<f32>(at(inverse, c));
      store<f32>(at(y, i * channels + c), affine(u, gamma, beta, c));
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
  for (let c: i32 = 0; c < channels; c++) {
    let products: f32 = 0;
    let sum: f32 = 0;
    for (let i: i32 = 0; i < rows; i++) {
      const s: i32 = perRow ? i : c;
      const e: f32 = load<f32>(at(x, i * channels + c)) - load<f32>(at(mean, s));
      const g: f32 = load<f32>(at(d, i * channels + c));
      products += g * (e * load<f32>(at(inverse, s)));
      sum += g;
    }
    if (dGamma) store<f32>(at(dGamma, c), products);
    if (dBeta) store<f32>(at(dBeta, c), sum);
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
  for (let c: i32 = 0; c < channels; c++) {
    const slope: f32 = load<f32>(at(dGamma, c)) / count;
    const shift: f32 = load<f32>(at(dBeta, c)) / count;
    const m: f32 = load<f32>(at(mean, c));
    const r: f32 = load<f32>(at(inverse, c));
    const factor: f32 = gamma ? r * load<f32>(at(gamma, c)) : r;
    for (let i: i32 = 0; i < rows; i++) {
      const u: f32 = (load<f32>(at(x, i * channels + c)) - m) * r;
      const e: f32 = load<f32>(at(d, i * channels + c)) - shift - u * slope;
      store<f32>(at(dx, i * channels + c), e * factor);
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
