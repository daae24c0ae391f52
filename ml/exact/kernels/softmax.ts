// Softmax over rows, and its gradient.

import { exp } from "./math";

/** y = the probabilities of the logits x (rows x classes); y may be x. */
export function softmax(x: usize, y: usize, rows: i32, classes: i32): void {
  let row: usize = 0;
  for (let i: i32 = 0; i < rows; i++) {
    let top: f32 = load<f32>(x + row);
    for (let j: i32 = 1; j < classes; j++) {
      const value: f32 = load<f32>(x + row + ((<usize>j) << 2));
      if (value > top) top = value;
    }
    let total: f32 = 0;
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      const e: f32 = exp(load<f32>(x + at) - top);
      store<f32>(y + at, e);
      total += e;
    }
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      store<f32>(y + at, load<f32>(y + at) / total);
    }
    row += (<usize>classes) << 2;
  }
}

/** d becomes p · (d - sum of d · p) in every row. */
export function softmaxBackward(p: usize, d: usize, rows: i32, classes: i32): void {
  let row: usize = 0;
  for (let i: i32 = 0; i < rows; i++) {
    let sum: f32 = 0;
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      sum += load<f32>(d + at) * load<f32>(p + at);
    }
    for (let j: i32 = 0; j < classes; j++) {
      const at: usize = row + ((<usize>j) << 2);
      store<f32>(d + at, load<f32>(p + at) * (load<f32>(d + at) - sum));
    }
    row += (<usize>classes) << 2;
  }
}
