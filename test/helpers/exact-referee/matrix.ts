/** Products with weight matrices, one sum at a time. */

import { at } from "./layer-referee.ts";
import { f } from "./math.ts";

/** A matrix of K x N values inside the parameters, rows `stride` values apart. */
export interface Matrix {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

export function matrix(start: number, rows: number, columns: number, stride = columns): Matrix {
  return { start, rows, columns, stride };
}

/** x (any number of rows) times the matrix, plus a bias at an offset of the parameters. */
export function product(
  x: Float32Array,
  { start, rows: K, columns: N, stride }: Matrix,
  parameters: Float32Array,
  bias: number | null = null,
): Float32Array {
  const count = x.length / K;
  const y = new Float32Array(count * N);
  for (let row = 0; row < count; row++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) {
        sum = f(sum + f(at(x, row * K + k) * at(parameters, start + k * stride + n)));
      }
      y[row * N + n] = bias === null ? sum : f(sum + at(parameters, bias + n));
    }
  }
  return y;
}

/** Sums over the rows of x and d, into the same place of `gradients`. */
export function weightGradient(
  x: Float32Array,
  d: Float32Array,
  { start, rows: K, columns: N, stride }: Matrix,
  gradients: Float32Array,
): void {
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let row = 0; row * K < x.length; row++) {
        sum = f(sum + f(at(x, row * K + k) * at(d, row * N + n)));
      }
      gradients[start + k * stride + n] = sum;
    }
  }
}

/** d times the transposed matrix. */
export function inputGradient(
  d: Float32Array,
  { start, rows: K, columns: N, stride }: Matrix,
  parameters: Float32Array,
): Float32Array {
  const count = d.length / N;
  const dx = new Float32Array(count * K);
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let n = 0; n < N; n++) {
        sum = f(sum + f(at(d, row * N + n) * at(parameters, start + k * stride + n)));
      }
      dx[row * K + k] = sum;
    }
  }
  return dx;
}

/** Sums of the columns of d, row after row. */
export function biasGradient(
  d: Float32Array,
  columns: number,
  bias: number | null,
  gradients: Float32Array,
): void {
  if (bias === null) return;
  gradients.fill(0, bias, bias + columns);
  for (let index = 0; index < d.length; index++) {
    const target = bias + (index % columns);
    gradients[target] = f(at(gradients, target) + at(d, index));
  }
}
