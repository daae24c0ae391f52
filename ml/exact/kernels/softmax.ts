// Softmax with cross-entropy. exp and log are our own: + - * / and bit operations only, because
// library versions differ between engines.

const LOG2E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;

/** e^x for x <= 0; below -87 the result is 0, of NaN it is NaN. |r| <= ln2/2, degree-5 polynomial. */
export function exp(x: f32): f32 {
  if (!(x >= -87)) return x < -87 ? 0 : x;
  const n: f32 = nearest<f32>(x * LOG2E);
  const r: f32 = x - n * LN2_HIGH - n * LN2_LOW;
  let p: f32 = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + r + 1;
  return p * reinterpret<f32>((<i32>n + 127) << 23);
}

/** Natural logarithm of a positive normal float, in float64: 2·atanh((m-1)/(m+1)) + e·ln2. */
export function log(x: f32): f64 {
  const bits: i32 = reinterpret<i32>(x);
  let e: i32 = (bits >> 23) - 127;
  let m: f64 = <f64>reinterpret<f32>((bits & 0x007fffff) | 0x3f800000);
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    e++;
  }
  const t: f64 = (m - 1) / (m + 1);
  const s: f64 = t * t;
  let p: f64 = 1.0 / 15.0;
  p = p * s + 1.0 / 13.0;
  p = p * s + 1.0 / 11.0;
  p = p * s + 1.0 / 9.0;
  p = p * s + 1.0 / 7.0;
  p = p * s + 1.0 / 5.0;
  p = p * s + 1.0 / 3.0;
  p = p * s + 1.0;
  return 2.0 * t * p + <f64>e * 0.6931471805599453;
}

/** Smallest probability the loss tells apart (as tfjs clips). */
const EPSILON: f32 = 1e-7;

/** Turns logits (rows x classes) into probabilities, in place. */
export function softmax(x: usize, rows: i32, classes: i32): void {
  let row: usize = x;
  for (let i: i32 = 0; i < rows; i++) {
    let top: f32 = load<f32>(row);
    for (let j: i32 = 1; j < classes; j++) {
      const value: f32 = load<f32>(row + ((<usize>j) << 2));
      if (value > top) top = value;
    }
    let total: f32 = 0;
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      const e: f32 = exp(load<f32>(at) - top);
      store<f32>(at, e);
      total += e;
    }
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      store<f32>(at, load<f32>(at) / total);
    }
    row += (<usize>classes) << 2;
  }
}

/** `start` plus the sum over rows of -ln p[label], in row order. */
export function crossEntropy(
  p: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  start: f64,
): f64 {
  let loss: f64 = start;
  for (let i: i32 = 0; i < rows; i++) {
    const label: i32 = load<i32>(labels + ((<usize>i) << 2));
    let probability: f32 = load<f32>(p + ((<usize>(i * classes + label)) << 2));
    if (probability < EPSILON) probability = EPSILON;
    loss -= probability == probability ? log(probability) : probability;
  }
  return loss;
}

/** d = (p - onehot(label)) · scale: the gradient of the mean loss by the logits. */
export function crossEntropyGradient(
  p: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  d: usize,
  scale: f32,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const label: i32 = load<i32>(labels + ((<usize>i) << 2));
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = (<usize>(i * classes + j)) << 2;
      const target: f32 = j == label ? 1 : 0;
      store<f32>(d + at, (load<f32>(p + at) - target) * scale);
    }
  }
}

/** confusion[label][first largest p]++ for every row. */
export function countConfusion(
  p: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  confusion: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const row: usize = p + ((<usize>(i * classes)) << 2);
    let best: i32 = 0;
    let top: f32 = load<f32>(row);
    for (let j: i32 = 1; j < classes; j++) {
      const value: f32 = load<f32>(row + ((<usize>j) << 2));
      if (value > top) {
        top = value;
        best = j;
      }
    }
    const label: i32 = load<i32>(labels + ((<usize>i) << 2));
    const at: usize = confusion + ((<usize>(label * classes + best)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}
