// Losses and their gradients. y: outputs, t: targets, rows x outputs; losses are summed in float64 in
// row order. The numbers of the kinds are those of LOSS_KINDS in loss.ts.

import { log } from "./math";

const CATEGORICAL: i32 = 0;
const BINARY: i32 = 1;
const SQUARED: i32 = 2;
const ABSOLUTE: i32 = 3;
const HUBER: i32 = 4;

/** Smallest probability that the loss distinguishes (tfjs clips there, too). */
const EPSILON: f32 = 1e-7;
/** Largest probability whose complement binary cross-entropy distinguishes. */
const CEILING: f32 = 0.9999999;

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

/**
 * confusion[label][predicted]++ for every row: predicted is the first largest output, or with one
 * output whether it is above 1/2.
 */
export function countConfusion(
  p: usize,
  labels: usize,
  rows: i32,
  outputs: i32,
  classes: i32,
  confusion: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const row: usize = p + ((<usize>(i * outputs)) << 2);
    let best: i32 = 0;
    let top: f32 = load<f32>(row);
    if (outputs == 1) best = top > 0.5 ? 1 : 0;
    for (let j: i32 = 1; j < outputs; j++) {
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

/** -ln of a probability not below EPSILON. NaN stays. */
function information(p: f32): f64 {
  if (p != p) return p;
  return -log(p < EPSILON ? EPSILON : p);
}

function lossOf(kind: i32, y: f32, t: f32): f64 {
  switch (kind) {
    case CATEGORICAL:
      return <f64>t * information(y);
    case BINARY:
      return <f64>t * information(y) + <f64>(1 - t) * information(1 - (y > CEILING ? CEILING : y));
    case SQUARED: {
      const e: f64 = <f64>y - <f64>t;
      return e * e;
    }
    case ABSOLUTE:
      return abs<f64>(<f64>y - <f64>t);
    default: {
      const e: f64 = abs<f64>(<f64>y - <f64>t);
      return e > 1 ? e - 0.5 : e * e * 0.5;
    }
  }
}

/**
 * `start` plus the loss of every row: the sum over its outputs, which all kinds but categorical
 * cross-entropy divide by their number.
 */
export function lossSum(
  kind: i32,
  y: usize,
  t: usize,
  rows: i32,
  outputs: i32,
  start: f64,
): f64 {
  let total: f64 = start;
  let at: usize = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let sum: f64 = 0;
    for (let j: i32 = 0; j < outputs; j++) {
      sum += lossOf(kind, load<f32>(y + at), load<f32>(t + at));
      at += 4;
    }
    total += kind == CATEGORICAL ? sum : sum / <f64>outputs;
  }
  return total;
}

/**
 * d = the gradient of the mean loss by n outputs; by the logits for the two cross-entropies, whose
 * softmax or sigmoid it includes.
 */
export function lossGradient(kind: i32, y: usize, t: usize, n: i32, d: usize, scale: f32): void {
  for (let i: i32 = 0; i < n; i++) {
    const at: usize = (<usize>i) << 2;
    const e: f32 = load<f32>(y + at) - load<f32>(t + at);
    let slope: f32 = e;
    if (kind == ABSOLUTE) slope = e > 0 ? 1 : e < 0 ? -1 : e;
    else if (kind == HUBER) slope = e > 1 ? 1 : e < -1 ? -1 : e;
    store<f32>(d + at, slope * scale);
  }
}
