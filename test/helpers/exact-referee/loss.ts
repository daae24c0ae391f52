/** Losses in binary64 and their gradients in binary32. */

import type { Loss } from "../../../ml/hyperparameters.ts";
import { at } from "./layer-referee.ts";
import { f, naturalLog } from "./math.ts";

/** Loss of one sample. @param t targets, one-hot for class indexes */
export function lossOf(loss: Loss, y: Float32Array, t: Float32Array): number {
  const terms = [...y].map((value, i) => termOf(loss, value, at(t, i)));
  const sum = terms.reduce((total, term) => total + term, 0);
  return isCategorical(loss) ? sum : sum / y.length;
}

/** Gradient of the mean over `count` samples, by the logits for the cross-entropies. */
export function lossGradient(
  loss: Loss,
  y: Float32Array,
  t: Float32Array,
  count: number,
): Float32Array {
  const outputs = y.length / count;
  const factor = loss === "meanSquaredError" ? 2 : 1;
  const scale = f(factor / (count * (isCategorical(loss) ? 1 : outputs)));
  return y.map((value, i) => {
    const e = f(value - at(t, i));
    const bounded = Math.max(-1, Math.min(1, e));
    const slope = loss === "meanAbsoluteError" ? Math.sign(e) : loss === "huber" ? bounded : e;
    return f(slope * scale);
  });
}

export function isCategorical(loss: Loss): boolean {
  return loss === "categoricalCrossentropy" || loss === "sparseCategoricalCrossentropy";
}

function termOf(loss: Loss, y: number, t: number): number {
  const e = Math.abs(y - t);
  switch (loss) {
    case "sparseCategoricalCrossentropy":
    case "categoricalCrossentropy":
      return t * information(y);
    case "binaryCrossentropy":
      return t * information(y) + f(1 - t) * information(f(1 - Math.min(y, f(0.9999999))));
    case "meanSquaredError":
      return e * e;
    case "meanAbsoluteError":
      return e;
    case "huber":
      return e > 1 ? e - 0.5 : e * e * 0.5;
  }
}

function information(p: number): number {
  return -naturalLog(Math.max(p, f(1e-7)));
}
