import type { BatchNormLayer, LayerNormLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { f } from "./math.ts";

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

function momentsOf(values: readonly number[]): Moments {
  const mean = f(values.reduce((sum, value) => f(sum + value), 0) / values.length);
  const squares = values.map((value) => f(f(value - mean) * f(value - mean)));
  return { mean, variance: f(squares.reduce((sum, value) => f(sum + value), 0) / values.length) };
}

function inverseOf(variance: number, epsilon: number): number {
  return f(1 / f(Math.sqrt(f(variance + f(epsilon)))));
}

export function batchNorm(layer: BatchNormLayer, context: RefereeContext): LayerReferee {
  const { channels: C, epsilon, gamma, beta, movingMean, movingVariance } = layer;
  const { parameters, gradients } = context;
  const decay = f(1 - layer.momentum);
  let u = new Float32Array(0);
  const inverses: number[] = [];
  const move = (index: number, value: number): void => {
    const old = at(parameters, index);
    parameters[index] = f(old - f(f(old - value) * decay));
  };
  return {
    forward([x = u]) {
      u = new Float32Array(x.length);
      const y = new Float32Array(x.length);
      for (let c = 0; c < C; c++) {
        const rows = [...x.filter((_, index) => index % C === c)];
        const { mean, variance } = momentsOf(rows);
        move(movingMean + c, mean);
        move(movingVariance + c, variance);
        const inverse = inverseOf(variance, epsilon);
        inverses.push(inverse);
        for (let index = c; index < x.length; index += C) {
          u[index] = f(f(at(x, index) - mean) * inverse);
          y[index] = affine(parameters, gamma, beta, c, at(u, index));
        }
      }
      return y;
    },
    backward(d) {
      const dx = new Float32Array(d.length);
      const rows = d.length / C;
      for (let c = 0; c < C; c++) {
        const { products, sum } = sumsOf(d, u, C, c);
        if (gamma !== null) gradients[gamma + c] = products;
        if (beta !== null) gradients[beta + c] = sum;
        const inverse = inverses[c] ?? 0;
        const factor = gamma === null ? inverse : f(inverse * at(parameters, gamma + c));
        for (let index = c; index < d.length; index += C) {
          const e = f(at(d, index) - f(sum / rows));
          dx[index] = f(f(e - f(at(u, index) * f(products / rows))) * factor);
        }
      }
      return [dx];
    },
  };
}

export function layerNorm(layer: LayerNormLayer, context: RefereeContext): LayerReferee {
  const { channels: C, epsilon, gamma, beta } = layer;
  const { parameters, gradients } = context;
  let u = new Float32Array(0);
  const inverses: number[] = [];
  return {
    forward([x = u]) {
      u = new Float32Array(x.length);
      const y = new Float32Array(x.length);
      for (let row = 0; row < x.length; row += C) {
        const { mean, variance } = momentsOf([...x.subarray(row, row + C)]);
        const inverse = inverseOf(variance, epsilon);
        inverses.push(inverse);
        for (let c = 0; c < C; c++) {
          u[row + c] = f(f(at(x, row + c) - mean) * inverse);
          y[row + c] = affine(parameters, gamma, beta, c, at(u, row + c));
        }
      }
      return y;
    },
    backward(d) {
      for (let c = 0; c < C; c++) {
        const { products, sum } = sumsOf(d, u, C, c);
        if (gamma !== null) gradients[gamma + c] = products;
        if (beta !== null) gradients[beta + c] = sum;
      }
      const dx = new Float32Array(d.length);
      const v = d.map((value, i) => affine(parameters, gamma, null, i % C, value));
      for (let row = 0; row < d.length; row += C) {
        let sum = 0;
        let products = 0;
        for (let i = row; i < row + C; i++) {
          sum = f(sum + at(v, i));
          products = f(products + f(at(v, i) * at(u, i)));
        }
        for (let i = row; i < row + C; i++) {
          const e = f(f(at(v, i) - f(sum / C)) - f(at(u, i) * f(products / C)));
          dx[i] = f(e * (inverses[row / C] ?? 0));
        }
      }
      return [dx];
    },
  };
}

function affine(
  parameters: Float32Array,
  gamma: number | null,
  beta: number | null,
  c: number,
  u: number,
): number {
  const scaled = gamma === null ? u : f(u * at(parameters, gamma + c));
  return beta === null ? scaled : f(scaled + at(parameters, beta + c));
}

/** Over rising rows: of d · u and of d. */
function sumsOf(
  d: Float32Array,
  u: Float32Array,
  channels: number,
  c: number,
): { products: number; sum: number } {
  let products = 0;
  let sum = 0;
  for (let index = c; index < d.length; index += channels) {
    products = f(products + f(at(d, index) * at(u, index)));
    sum = f(sum + at(d, index));
  }
  return { products, sum };
}
