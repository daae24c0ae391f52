// Activations by number, element by element; x and y may be the same memory. The numbers are those of
// ACTIVATIONS in layers/activation.ts.

import { erf, exp, sigmoid, tanh } from "./math";

const RELU: i32 = 1;
const LEAKY_RELU: i32 = 2;
const SIGMOID: i32 = 3;
const TANH: i32 = 4;
const HARD_SIGMOID: i32 = 5;
const GELU: i32 = 6;

const SQRT_HALF: f32 = 0.70710678;
/** 1 / sqrt(2·pi) */
const GAUSS: f32 = 0.39894228;

/** @param alpha slope of leaky relu below 0 */
export function activateValue(kind: i32, alpha: f32, x: f32): f32 {
  switch (kind) {
    case RELU:
      return x < 0 ? 0 : x;
    case LEAKY_RELU:
      return x < 0 ? x * alpha : x;
    case SIGMOID:
      return sigmoid(x);
    case TANH:
      return tanh(x);
    case HARD_SIGMOID: {
      const y: f32 = x * 0.2 + 0.5;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    }
    case GELU:
      return x * 0.5 * (erf(x * SQRT_HALF) + 1);
    default:
      return x;
  }
}

/** The slope at an output y; only of activations whose slope follows from it (not gelu). */
export function slopeAt(kind: i32, alpha: f32, y: f32): f32 {
  switch (kind) {
    case RELU:
      return y > 0 ? 1 : 0;
    case LEAKY_RELU:
      return y > 0 ? 1 : alpha;
    case SIGMOID:
      return y * (1 - y);
    case TANH:
      return 1 - y * y;
    case HARD_SIGMOID:
      return y > 0 && y < 1 ? 0.2 : 0;
    default:
      return 1;
  }
}

function geluSlope(x: f32): f32 {
  return (erf(x * SQRT_HALF) + 1) * 0.5 + x * GAUSS * exp(x * x * -0.5);
}

export function activate(kind: i32, alpha: f32, x: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD && kind == RELU) {
    const zero = f32x4.splat(0);
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      v128.store(y + at, f32x4.pmax(v128.load(x + at), zero));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    store<f32>(y + at, activateValue(kind, alpha, load<f32>(x + at)));
  }
}

/** dy becomes +0 where the output y is not above 0. */
export function reluBackward(y: usize, dy: usize, n: i32): void {
  let i: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    const zero = f32x4.splat(0);
    for (; i + 4 <= n; i += 4) {
      const at: usize = <usize>i << 2;
      v128.store(dy + at, v128.and(v128.load(dy + at), f32x4.gt(v128.load(y + at), zero)));
    }
  }
  for (; i < n; i++) {
    const at: usize = <usize>i << 2;
    if (!(load<f32>(y + at) > 0)) store<f32>(dy + at, 0);
  }
}

/**
 * dy becomes dy · slope. relu has a kernel of its own.
 * @param x inputs, read by gelu
 * @param y outputs, read by the others
 */
export function activateBackward(
  kind: i32,
  alpha: f32,
  x: usize,
  y: usize,
  dy: usize,
  n: i32,
): void {
  for (let i: i32 = 0; i < n; i++) {
    const at: usize = <usize>i << 2;
    const slope: f32 =
      kind == GELU ? geluSlope(load<f32>(x + at)) : slopeAt(kind, alpha, load<f32>(y + at));
    store<f32>(dy + at, load<f32>(dy + at) * slope);
  }
}
