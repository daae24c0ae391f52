/** Clipping, decay and the optimizers on flat parameters. */

import { ADAGRAD_DEFAULTS, ADAM_DEFAULTS, type Optimizer } from "../../../ml/hyperparameters.ts";
import type { ParameterSlot } from "../../../ml/model/program.ts";
import { at } from "./layer-referee.ts";
import { f } from "./math.ts";

/** Values of state per parameter, and single ones behind them. */
export function stateShape(optimizer: Optimizer): readonly [arrays: number, scalars: number] {
  if (optimizer.kind === "adam") return [2, 2];
  return [optimizer.kind === "sgd" && optimizer.momentum === 0 ? 0 : 1, 0];
}

/** State before the first step; nothing is kept of what is not trained. */
export function initialState(
  optimizer: Optimizer,
  slots: readonly ParameterSlot[],
  n: number,
): Float32Array {
  const [arrays, scalars] = stateShape(optimizer);
  const state = new Float32Array(arrays * n + scalars).fill(1, arrays * n);
  if (optimizer.kind !== "adagrad") return state;
  const start = optimizer.initialAccumulator ?? ADAGRAD_DEFAULTS.initialAccumulator;
  for (const { offset, size, trainable } of slots) {
    if (trainable) state.fill(start, offset, offset + size);
  }
  return state;
}

export function update(
  optimizer: Optimizer,
  slots: readonly ParameterSlot[],
  { w, g, state }: { w: Float32Array; g: Float32Array; state: Float32Array },
): void {
  const { clipValue, clipNorm, weightDecay = 0 } = optimizer;
  const trainable = slots.filter((slot) => slot.trainable);
  if (clipValue !== undefined) {
    const limit = f(clipValue);
    g.forEach((value, i) => {
      g[i] = Math.max(-limit, Math.min(limit, value));
    });
  }
  if (clipNorm !== undefined) {
    const norm = normOf(trainable, g);
    if (norm > clipNorm) {
      const factor = f(clipNorm / norm);
      g.forEach((value, i) => {
        g[i] = f(value * factor);
      });
    }
  }
  const n = w.length;
  if (optimizer.kind === "adam") {
    const { beta1, beta2 } = { ...ADAM_DEFAULTS, ...optimizer };
    state[2 * n] = f(at(state, 2 * n) * f(beta1));
    state[2 * n + 1] = f(at(state, 2 * n + 1) * f(beta2));
  }
  const kept = f(1 - optimizer.learningRate * weightDecay);
  for (const { offset, size } of trainable) {
    for (let i = offset; i < offset + size; i++) {
      const before = weightDecay > 0 ? f(at(w, i) * kept) : at(w, i);
      w[i] = f(before - change(optimizer, at(g, i), state, i, n));
    }
  }
}

function change(
  optimizer: Optimizer,
  g: number,
  state: Float32Array,
  i: number,
  n: number,
): number {
  const rate = f(optimizer.learningRate);
  switch (optimizer.kind) {
    case "sgd": {
      if (optimizer.momentum === 0) return f(rate * g);
      state[i] = f(f(f(optimizer.momentum) * at(state, i)) + g);
      return f(rate * at(state, i));
    }
    case "adam": {
      const options = { ...ADAM_DEFAULTS, ...optimizer };
      const [b1, b2] = [f(options.beta1), f(options.beta2)];
      state[i] = f(f(b1 * at(state, i)) + f(f(1 - b1) * g));
      state[n + i] = f(f(b2 * at(state, n + i)) + f(f(1 - b2) * f(g * g)));
      const c1 = f(1 - at(state, 2 * n));
      const c2 = f(1 - at(state, 2 * n + 1));
      const spread = f(f(Math.sqrt(f(at(state, n + i) / c2))) + f(options.epsilon));
      return f(rate * f(f(at(state, i) / c1) / spread));
    }
    case "adagrad": {
      const { epsilon } = { ...ADAGRAD_DEFAULTS, ...optimizer };
      state[i] = f(at(state, i) + f(g * g));
      return f(f(rate * g) / f(Math.sqrt(f(at(state, i) + f(epsilon)))));
    }
  }
}

/** Eight sums of squares in binary64, by column modulo 8; rows of eight columns at a time. */
function normOf(slots: readonly ParameterSlot[], g: Float32Array): number {
  const sums = new Float64Array(8);
  for (const { offset, size, shape, groups } of slots) {
    const widths = groups ?? [shape.at(-1) ?? 1];
    const stride = widths.reduce((sum, width) => sum + width, 0);
    let first = 0;
    for (const width of widths) {
      for (let panel = 0; panel < width; panel += 8) {
        for (let row = 0; row < size; row += stride) {
          for (let lane = 0; lane < Math.min(8, width - panel); lane++) {
            const value = at(g, offset + row + first + panel + lane);
            sums[lane] = (sums[lane] ?? 0) + value * value;
          }
        }
      }
      first += width;
    }
  }
  return Math.sqrt(sums.reduce((total, sum) => total + sum));
}
