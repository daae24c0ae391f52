/**
 * A slow second implementation of docs/exact-engine.md in plain JavaScript: one value at a time, every
 * operation rounded with Math.fround. It shares no code with the kernels, so equal bits mean that
 * both follow the written order of operations.
 */

import type { LayersModel } from "../../ml/model/layers-model.ts";
import type { Conv2dLayer, DenseLayer, MaxPool2dLayer } from "../../ml/model/program.ts";

const f = Math.fround;

export interface RefereeOptions {
  readonly learningRate: number;
  readonly momentum: number;
}

interface Tape {
  readonly input: Float32Array;
  readonly output: Float32Array;
  readonly winners?: Int32Array;
}

export class ExactReferee {
  readonly parameters: Float32Array;
  readonly velocity: Float32Array;
  readonly #model: LayersModel;
  readonly #options: RefereeOptions;

  constructor(model: LayersModel, parameters: Float32Array, options: RefereeOptions) {
    this.#model = model;
    this.parameters = parameters.slice();
    this.velocity = new Float32Array(parameters.length);
    this.#options = options;
  }

  /** One step. @returns the mean loss */
  step(inputs: Float32Array, labels: Int32Array, count: number, stepSeed: number): number {
    const layers = this.#model.layers ?? [];
    const { classes } = this.#model;
    const tapes: Tape[] = [];
    let x: Float32Array = inputs.slice(0, count * this.#model.inputSize);
    let dropouts = 0;
    for (const layer of layers) {
      const input = x;
      switch (layer.kind) {
        case "dense":
          tapes.push({ input, output: this.#dense(layer, input, count) });
          break;
        case "conv2d":
          tapes.push({ input, output: this.#conv2d(layer, input, count) });
          break;
        case "maxPool2d":
          tapes.push({ input, ...maxPool(layer, input, count) });
          break;
        case "relu":
          tapes.push({ input, output: input.map((value) => (value < 0 ? 0 : value)) });
          break;
        case "dropout":
          tapes.push({ input, output: dropout(input, layer.rate, seedOf(stepSeed, dropouts++)) });
          break;
        case "softmax":
          tapes.push({ input, output: softmax(input, count, classes) });
          break;
      }
      x = tapes.at(-1)?.output ?? x;
    }

    let loss = 0;
    let d = new Float32Array(count * classes);
    const scale = f(1 / count);
    for (let row = 0; row < count; row++) {
      const label = labels[row] ?? 0;
      loss -= naturalLog(Math.max(x[row * classes + label] ?? 0, f(1e-7)));
      for (let c = 0; c < classes; c++) {
        const p = x[row * classes + c] ?? 0;
        d[row * classes + c] = f(f(p - (c === label ? 1 : 0)) * scale);
      }
    }

    const gradients = new Float32Array(this.parameters.length);
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index];
      const tape = tapes[index];
      if (layer === undefined || tape === undefined) continue;
      switch (layer.kind) {
        case "dense":
          d = this.#denseBack(layer, tape.input, d, count, gradients);
          break;
        case "conv2d":
          d = this.#conv2dBack(layer, tape.input, d, count, gradients);
          break;
        case "maxPool2d": {
          const dInput = new Float32Array(tape.input.length);
          tape.winners?.forEach((winner, at) => {
            dInput[winner] = f((dInput[winner] ?? 0) + (d[at] ?? 0));
          });
          d = dInput;
          break;
        }
        case "relu":
          d = d.map((value, at) => ((tape.output[at] ?? 0) > 0 ? value : 0));
          break;
        case "dropout":
          d = dropout(d, layer.rate, seedOf(stepSeed, --dropouts));
          break;
        case "softmax":
          break;
      }
    }
    this.#update(gradients);
    return loss / count;
  }

  #update(gradients: Float32Array): void {
    const rate = f(this.#options.learningRate);
    const momentum = f(this.#options.momentum);
    for (let index = 0; index < gradients.length; index++) {
      let change = gradients[index] ?? 0;
      if (this.#options.momentum > 0) {
        change = f(f(momentum * (this.velocity[index] ?? 0)) + change);
        this.velocity[index] = change;
      }
      this.parameters[index] = f((this.parameters[index] ?? 0) - f(rate * change));
    }
  }

  #dense(layer: DenseLayer, x: Float32Array, count: number): Float32Array {
    const { inputSize: K, outputSize: N } = layer;
    const y = new Float32Array(count * N);
    for (let row = 0; row < count; row++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) {
          sum = f(sum + f((x[row * K + k] ?? 0) * this.#p(layer.kernel + k * N + n)));
        }
        y[row * N + n] = layer.bias === null ? sum : f(sum + this.#p(layer.bias + n));
      }
    }
    return y;
  }

  #denseBack(
    layer: DenseLayer,
    x: Float32Array,
    d: Float32Array,
    count: number,
    gradients: Float32Array,
  ): Float32Array<ArrayBuffer> {
    const { inputSize: K, outputSize: N } = layer;
    const dx = new Float32Array(count * K);
    for (let k = 0; k < K; k++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let row = 0; row < count; row++) {
          sum = f(sum + f((x[row * K + k] ?? 0) * (d[row * N + n] ?? 0)));
        }
        gradients[layer.kernel + k * N + n] = sum;
      }
    }
    sumRows(d, N, layer.bias, gradients);
    for (let row = 0; row < count; row++) {
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let n = 0; n < N; n++) {
          sum = f(sum + f((d[row * N + n] ?? 0) * this.#p(layer.kernel + k * N + n)));
        }
        dx[row * K + k] = sum;
      }
    }
    return dx;
  }

  #conv2d({ window: w, ...layer }: Conv2dLayer, x: Float32Array, count: number): Float32Array {
    const F = layer.filters;
    const y = new Float32Array(count * w.outputHeight * w.outputWidth * F);
    let at = 0;
    for (let image = 0; image < count; image++) {
      for (let oy = 0; oy < w.outputHeight; oy++) {
        for (let ox = 0; ox < w.outputWidth; ox++) {
          for (let n = 0; n < F; n++) {
            let sum = 0;
            let k = layer.kernel + n;
            for (let ky = 0; ky < w.windowHeight; ky++) {
              for (let kx = 0; kx < w.windowWidth; kx++) {
                const pixel = pixelAt(w, image, oy * w.strideHeight + ky, ox * w.strideWidth + kx);
                for (let c = 0; c < w.channels; c++, k += F) {
                  const value = pixel < 0 ? 0 : (x[pixel + c] ?? 0);
                  sum = f(sum + f(value * this.#p(k)));
                }
              }
            }
            y[at++] = layer.bias === null ? sum : f(sum + this.#p(layer.bias + n));
          }
        }
      }
    }
    return y;
  }

  #conv2dBack(
    { window: w, ...layer }: Conv2dLayer,
    x: Float32Array,
    d: Float32Array,
    count: number,
    gradients: Float32Array,
  ): Float32Array<ArrayBuffer> {
    const F = layer.filters;
    sumRows(d, F, layer.bias, gradients);
    // Every sum walks images, then positions.
    let at = 0;
    for (let image = 0; image < count; image++) {
      for (let oy = 0; oy < w.outputHeight; oy++) {
        for (let ox = 0; ox < w.outputWidth; ox++, at += F) {
          let k = layer.kernel;
          for (let ky = 0; ky < w.windowHeight; ky++) {
            for (let kx = 0; kx < w.windowWidth; kx++) {
              const pixel = pixelAt(w, image, oy * w.strideHeight + ky, ox * w.strideWidth + kx);
              for (let c = 0; c < w.channels; c++) {
                const value = pixel < 0 ? 0 : (x[pixel + c] ?? 0);
                for (let n = 0; n < F; n++, k++) {
                  gradients[k] = f((gradients[k] ?? 0) + f(value * (d[at + n] ?? 0)));
                }
              }
            }
          }
        }
      }
    }
    // Every input value sums the kernel's taps from last to first, then filters.
    const dx = new Float32Array(x.length);
    for (let index = 0; index < dx.length; index++) {
      const c = index % w.channels;
      const pixel = Math.floor(index / w.channels);
      const column = pixel % w.inputWidth;
      const row = Math.floor(pixel / w.inputWidth) % w.inputHeight;
      const image = Math.floor(pixel / (w.inputWidth * w.inputHeight));
      let sum = 0;
      for (let ky = w.windowHeight - 1; ky >= 0; ky--) {
        for (let kx = w.windowWidth - 1; kx >= 0; kx--) {
          const oy = (row + w.padTop - ky) / w.strideHeight;
          const ox = (column + w.padLeft - kx) / w.strideWidth;
          if (!Number.isInteger(oy) || oy < 0 || oy >= w.outputHeight) continue;
          if (!Number.isInteger(ox) || ox < 0 || ox >= w.outputWidth) continue;
          const from = ((image * w.outputHeight + oy) * w.outputWidth + ox) * F;
          const tap = layer.kernel + ((ky * w.windowWidth + kx) * w.channels + c) * F;
          for (let n = 0; n < F; n++) sum = f(sum + f((d[from + n] ?? 0) * this.#p(tap + n)));
        }
      }
      dx[index] = sum;
    }
    return dx;
  }

  #p(index: number): number {
    return this.parameters[index] ?? 0;
  }
}

/** Index of a pixel's first channel; y and x count from the padded corner; -1 in the border. */
function pixelAt(w: Conv2dLayer["window"], image: number, y: number, x: number): number {
  const row = y - w.padTop;
  const column = x - w.padLeft;
  if (row < 0 || row >= w.inputHeight || column < 0 || column >= w.inputWidth) return -1;
  return ((image * w.inputHeight + row) * w.inputWidth + column) * w.channels;
}

function sumRows(
  d: Float32Array,
  columns: number,
  bias: number | null,
  gradients: Float32Array,
): void {
  if (bias === null) return;
  for (let at = 0; at < d.length; at++) {
    const target = bias + (at % columns);
    gradients[target] = f((gradients[target] ?? 0) + (d[at] ?? 0));
  }
}

function maxPool(
  { window: w }: MaxPool2dLayer,
  x: Float32Array,
  count: number,
): { output: Float32Array; winners: Int32Array } {
  const size = count * w.outputHeight * w.outputWidth * w.channels;
  const output = new Float32Array(size);
  const winners = new Int32Array(size);
  for (let at = 0; at < size; at++) {
    const c = at % w.channels;
    const position = Math.floor(at / w.channels);
    const ox = position % w.outputWidth;
    const oy = Math.floor(position / w.outputWidth) % w.outputHeight;
    const image = Math.floor(position / (w.outputWidth * w.outputHeight));
    let best = -1;
    for (let y = 0; y < w.windowHeight; y++) {
      for (let column = 0; column < w.windowWidth; column++) {
        const pixel = pixelAt(w, image, oy * w.strideHeight + y, ox * w.strideWidth + column);
        if (pixel < 0) continue;
        if (best < 0 || (x[pixel + c] ?? 0) > (x[best] ?? 0)) best = pixel + c;
      }
    }
    output[at] = x[best] ?? 0;
    winners[at] = best;
  }
  return { output, winners };
}

function dropout(x: Float32Array, rate: number, seed: number): Float32Array<ArrayBuffer> {
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = f(1 / (1 - rate));
  return Float32Array.from(x, (value, index) => {
    const bits = mix(seed + Math.imul(index, 0x9e3779b9));
    return bits >>> 0 >= threshold ? f(value * scale) : 0;
  });
}

function seedOf(stepSeed: number, layer: number): number {
  return mix(stepSeed ^ Math.imul(layer + 1, 0x9e3779b9));
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

function softmax(x: Float32Array, count: number, classes: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let row = 0; row < count; row++) {
    const logits = x.subarray(row * classes, (row + 1) * classes);
    const top = logits.reduce((best, value) => (value > best ? value : best));
    let total = 0;
    logits.forEach((value, c) => {
      const e = exp(f(value - top));
      y[row * classes + c] = e;
      total = f(total + e);
    });
    for (let c = 0; c < classes; c++) {
      y[row * classes + c] = f((y[row * classes + c] ?? 0) / total);
    }
  }
  return y;
}

function exp(x: number): number {
  if (x < -87) return 0;
  const n = roundHalfEven(f(x * f(Math.LOG2E)));
  const r = f(f(x - f(n * f(0.693359375))) - f(n * f(-2.1219444e-4)));
  let p = f(1.98756915e-4);
  for (const coefficient of [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2]) {
    p = f(f(p * r) + f(coefficient));
  }
  p = f(f(p * r) + f(1.6666665459e-1));
  p = f(f(p * r) + f(5.0000001201e-1));
  p = f(f(f(p * f(r * r)) + r) + 1);
  return f(p * 2 ** n);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function naturalLog(x: number): number {
  let e = 0;
  let m = x;
  while (m < 1) {
    m *= 2;
    e--;
  }
  if (m > Math.SQRT2) {
    m *= 0.5;
    e++;
  }
  const t = (m - 1) / (m + 1);
  const s = t * t;
  let p = 1 / 15;
  for (const divisor of [13, 11, 9, 7, 5, 3, 1]) p = p * s + 1 / divisor;
  return 2 * t * p + e * Math.LN2;
}
