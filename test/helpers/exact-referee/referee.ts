/**
 * A slow second implementation of docs/exact-engine.md in plain JavaScript: one value at a time, every
 * operation rounded with Math.fround. It shares no code with the kernels, so equal bits mean that
 * both follow the written order of operations.
 */

import type { Targets } from "../../../ml/engine.ts";
import { DEFAULT_LOSS, type Loss, type Optimizer } from "../../../ml/hyperparameters.ts";
import type { LayersModel } from "../../../ml/model/layers-model.ts";
import type { ProgramLayer } from "../../../ml/model/program.ts";
import { activation, softmax } from "./activation.ts";
import { conv2d } from "./conv2d.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise-conv2d.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { at, type LayerReferee, type RefereeContext } from "./layer-referee.ts";
import { isCategorical, lossGradient, lossOf } from "./loss.ts";
import { f } from "./math.ts";
import { add, concatenate } from "./merge.ts";
import { batchNorm, layerNorm } from "./normalization.ts";
import { initialState, update } from "./optimizer.ts";
import { averagePool, maxPool } from "./pool.ts";
import { recurrent } from "./recurrent.ts";

export interface RefereeOptions {
  readonly optimizer: Optimizer;
  readonly loss?: Loss;
}

export class ExactReferee {
  readonly parameters: Float32Array;
  /** In the layout of Trainer.optimizerState. */
  readonly state: Float32Array;
  readonly #model: LayersModel;
  readonly #optimizer: Optimizer;
  readonly #loss: Loss;

  constructor(model: LayersModel, parameters: Float32Array, options: RefereeOptions) {
    this.#model = model;
    this.#optimizer = options.optimizer;
    this.#loss = options.loss ?? DEFAULT_LOSS;
    this.parameters = parameters.slice();
    this.state = initialState(options.optimizer, model.parameters, parameters.length);
  }

  /** One step. @returns the mean loss */
  step(inputs: Float32Array, targets: Targets, count: number, stepSeed: number): number {
    const layers = this.#model.layers ?? [];
    const context: RefereeContext = {
      parameters: this.parameters,
      gradients: new Float32Array(this.parameters.length),
      count,
      stepSeed,
      dropouts: 0,
    };
    const x = inputs.slice(0, count * this.#model.inputSize);
    const outputs: Float32Array[] = [];
    const referees = layers.map((layer) => {
      const referee = refereeOf(layer, context);
      outputs.push(referee.forward(layer.inputs.map((input) => outputs[input] ?? x)));
      return referee;
    });
    const y = outputs.at(-1) ?? x;
    const t = this.#targetRows(targets, count);
    const loss = this.#lossSum(y, t, count);
    this.#backward(layers, referees, lossGradient(this.#loss, y, t, count));
    const { gradients: g } = context;
    update(this.#optimizer, this.#model.parameters, { w: this.parameters, g, state: this.state });
    return loss / count;
  }

  #backward(
    layers: readonly ProgramLayer[],
    referees: readonly LayerReferee[],
    start: Float32Array,
  ): void {
    const gradients: (Float32Array | undefined)[] = layers.map(() => undefined);
    const receive = (input: number, d: Float32Array): void => {
      const before = gradients[input];
      gradients[input] = before === undefined ? d : before.map((value, i) => f(value + at(d, i)));
    };
    const last = layers.length - 1;
    // The cross-entropies give the gradient of the logits.
    const through = isCategorical(this.#loss) || this.#loss === "binaryCrossentropy";
    receive(through ? (layers[last]?.inputs[0] ?? -1) : last, start);
    for (let index = last; index >= 0; index--) {
      const d = gradients[index];
      if (d === undefined) continue;
      const dInputs = referees[index]?.backward(d) ?? [];
      layers[index]?.inputs.forEach((input, i) => {
        const dInput = dInputs[i];
        if (input >= 0 && dInput !== undefined) receive(input, dInput);
      });
    }
  }

  #lossSum(y: Float32Array, t: Float32Array, count: number): number {
    const n = y.length / count;
    let sum = 0;
    for (let row = 0; row < count; row++) {
      sum += lossOf(this.#loss, y.subarray(row * n, row * n + n), t.subarray(row * n, row * n + n));
    }
    return sum;
  }

  #targetRows(targets: Targets, count: number): Float32Array {
    const { outputSize } = this.#model;
    if (targets instanceof Float32Array) return targets.slice(0, count * outputSize);
    const rows = new Float32Array(count * outputSize);
    for (let row = 0; row < count; row++) {
      const label = targets[row] ?? 0;
      if (outputSize === 1) rows[row] = label;
      else rows[row * outputSize + label] = 1;
    }
    return rows;
  }
}

function refereeOf(layer: ProgramLayer, context: RefereeContext): LayerReferee {
  switch (layer.kind) {
    case "dense":
      return dense(layer, context);
    case "conv2d":
      return conv2d(layer, context);
    case "depthwiseConv2d":
      return depthwiseConv2d(layer, context);
    case "maxPool2d":
      return maxPool(layer, context);
    case "averagePool2d":
      return averagePool(layer, context);
    case "activation":
      return activation(layer);
    case "softmax":
      return softmax(layer);
    case "dropout":
      return dropout(layer, context);
    case "batchNorm":
      return batchNorm(layer, context);
    case "layerNorm":
      return layerNorm(layer, context);
    case "embedding":
      return embedding(layer, context);
    case "simpleRnn":
    case "gru":
    case "lstm":
      return recurrent(layer, context);
    case "add":
      return add();
    case "concatenate":
      return concatenate(layer);
  }
}
