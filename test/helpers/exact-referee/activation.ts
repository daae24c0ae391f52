import type { Activation, ActivationLayer, SoftmaxLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee } from "./layer-referee.ts";
import { erf, exp, f, sigmoid, tanh } from "./math.ts";

const SQRT_HALF = f(Math.SQRT1_2);

export function activate(activation: Activation, x: number, alpha = 0): number {
  switch (activation) {
    case "linear":
      return x;
    case "relu":
      return x < 0 ? 0 : x;
    case "leakyRelu":
      return x < 0 ? f(x * f(alpha)) : x;
    case "sigmoid":
      return sigmoid(x);
    case "tanh":
      return tanh(x);
    case "hardSigmoid":
      return Math.min(1, Math.max(0, f(f(x * f(0.2)) + 0.5)));
    case "gelu":
      return f(f(x * 0.5) * f(erf(f(x * SQRT_HALF)) + 1));
  }
}

/** The slope from the input x and the output y. */
export function slope(activation: Activation, x: number, y: number, alpha = 0): number {
  switch (activation) {
    case "linear":
      return 1;
    case "relu":
      return y > 0 ? 1 : 0;
    case "leakyRelu":
      return y > 0 ? 1 : f(alpha);
    case "sigmoid":
      return f(y * f(1 - y));
    case "tanh":
      return f(1 - f(y * y));
    case "hardSigmoid":
      return y > 0 && y < 1 ? f(0.2) : 0;
    case "gelu": {
      const bell = exp(f(f(x * x) * -0.5));
      return f(f(f(erf(f(x * SQRT_HALF)) + 1) * 0.5) + f(f(x * f(0.39894228)) * bell));
    }
  }
}

export function activation({ activation: kind, alpha }: ActivationLayer): LayerReferee {
  let x = new Float32Array(0);
  let y = new Float32Array(0);
  return {
    forward([input = x]) {
      x = input as typeof x;
      y = x.map((value) => activate(kind, value, alpha));
      return y;
    },
    backward(d) {
      return [d.map((value, i) => f(value * slope(kind, at(x, i), at(y, i), alpha)))];
    },
  };
}

export function softmax({ classes }: SoftmaxLayer): LayerReferee {
  let y = new Float32Array(0);
  return {
    forward([x = y]) {
      y = new Float32Array(x.length);
      for (let row = 0; row < x.length; row += classes) {
        const logits = x.subarray(row, row + classes);
        const top = logits.reduce((best, value) => (value > best ? value : best));
        const powers = logits.map((value) => exp(f(value - top)));
        const total = powers.reduce((sum, value) => f(sum + value), 0);
        y.set(
          powers.map((value) => f(value / total)),
          row,
        );
      }
      return y;
    },
    backward(d) {
      const dx = new Float32Array(d.length);
      for (let row = 0; row < d.length; row += classes) {
        let sum = 0;
        for (let c = row; c < row + classes; c++) sum = f(sum + f(at(d, c) * at(y, c)));
        for (let c = row; c < row + classes; c++) dx[c] = f(at(y, c) * f(at(d, c) - sum));
      }
      return [dx];
    },
  };
}
