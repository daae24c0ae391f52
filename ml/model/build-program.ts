/**
 * Turns checked layer configs into the program of the exact engine: shape inference, parameter
 * layout and multiply-add counts. Anything tfjs could run but the program cannot is NEEDS_TFJS.
 */

import { fansOf, readInitializer } from "./initializers.ts";
import { EXACT_LAYERS } from "./known-layers.ts";
import { LayerConfig } from "./layer-config.ts";
import { ModelError } from "./model-error.ts";
import { isPlainArray } from "./plain-json.ts";
import type { ParameterSlot, ProgramLayer } from "./program.ts";
import { readWindow } from "./read-window.ts";
import type { TopologyLayer } from "./topology.ts";

export const MAX_PARAMETERS = 50_000_000;
/** Values of one activation of one sample. */
export const MAX_ACTIVATION = 2 ** 24;
export const MAX_CLASSES = 1_000;
const MAX_RANK = 4;

export interface Program {
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly layers: readonly ProgramLayer[];
  readonly parameters: readonly ParameterSlot[];
  readonly parameterCount: number;
  readonly flopsPerSample: number;
}

/** @throws ModelError BAD_CONFIG, NO_CLASSES, TOO_LARGE or NEEDS_TFJS, naming the layer */
export function buildProgram(topology: readonly TopologyLayer[]): Program {
  return new ProgramBuilder(topology).build();
}

class ProgramBuilder {
  readonly #topology: readonly TopologyLayer[];
  readonly #layers: ProgramLayer[] = [];
  readonly #parameters: ParameterSlot[] = [];
  #parameterCount = 0;
  #shape: readonly number[] = [];
  /** Multiply-adds per sample of the forward pass. */
  #multiplyAdds = 0;
  #firstMultiplyAdds = 0;

  constructor(topology: readonly TopologyLayer[]) {
    this.#topology = topology;
  }

  build(): Program {
    const inputShape = this.#readInputShape();
    this.#shape = inputShape;
    for (const { name, className, config } of this.#topology) {
      if (this.#layers.at(-1)?.kind === "softmax") throw softmaxNotLast(this.#layers.at(-1)?.name);
      this.#addLayer(new LayerConfig(name, className, config));
    }
    const last = this.#layers.at(-1);
    const classes = this.#shape[0] ?? 0;
    if (last?.kind !== "softmax" || this.#shape.length !== 1 || classes < 2) {
      throw noClasses(this.#topology.at(-1)?.name ?? "model");
    }
    if (classes > MAX_CLASSES) throw tooLarge("classes", MAX_CLASSES, classes);
    return {
      inputShape,
      classes,
      layers: this.#layers,
      parameters: this.#parameters,
      parameterCount: this.#parameterCount,
      // Forward, weight gradient and input gradient cost the same; the first layer needs no input
      // gradient.
      flopsPerSample: 6 * this.#multiplyAdds - 2 * this.#firstMultiplyAdds,
    };
  }

  #readInputShape(): readonly number[] {
    const first = this.#topology[0];
    if (first === undefined) throw new RangeError("topology: expected at least one layer");
    const config = new LayerConfig(first.name, first.className, first.config);
    const field = config.get("batch_shape") === undefined ? "batch_input_shape" : "batch_shape";
    const value = config.get(field);
    if (value === undefined) throw config.bad(field, "is missing on the first layer");
    if (!isPlainArray(value) || value.length < 2 || value.length > MAX_RANK + 1) {
      throw config.bad(field, `must hold the batch size and 1 to ${MAX_RANK} dimensions`);
    }
    const shape = value.slice(1).map((size) => {
      if (typeof size === "number" && Number.isInteger(size) && size >= 1) return size;
      throw config.bad(field, "must hold whole numbers of at least 1 after the batch size");
    });
    checkActivation(shape);
    return shape;
  }

  #addLayer(config: LayerConfig): void {
    if (!EXACT_LAYERS.has(config.className)) {
      throw config.needsTfjs(`it has no ${config.className} layer`);
    }
    if (config.get("trainable") === false) throw config.needsTfjs("its weights are frozen");
    switch (config.className) {
      case "InputLayer":
        break;
      case "Dense":
        this.#addDense(config);
        break;
      case "Conv2D":
        this.#addConv2d(config);
        break;
      case "MaxPooling2D":
        this.#addMaxPool2d(config);
        break;
      case "Flatten":
        this.#shape = [volume(this.#shape)];
        break;
      case "Dropout":
        this.#addDropout(config);
        break;
      case "Activation":
        this.#addActivation(config, config.text("activation", "linear"));
        break;
      case "ReLU":
        if (config.get("max_value") !== undefined) throw config.needsTfjs("it limits its output");
        this.#addActivation(config, "relu");
        break;
      case "Softmax":
        this.#addActivation(config, "softmax");
        break;
      default:
        throw config.needsTfjs("it has no builder");
    }
  }

  #addDense(config: LayerConfig): void {
    refuseExtras(config);
    const inputSize = this.#shape[0] ?? 0;
    if (this.#shape.length !== 1) {
      throw config.needsTfjs("its input is not flat; put a Flatten layer before it");
    }
    const outputSize = config.size("units");
    const { kernel, bias } = this.#addWeights(config, [inputSize, outputSize]);
    const { layer: name } = config;
    this.#layers.push({ kind: "dense", name, inputSize, outputSize, kernel, bias });
    this.#count(inputSize * outputSize);
    this.#shape = [outputSize];
    this.#addActivation(config, config.text("activation", "linear"));
  }

  #addConv2d(config: LayerConfig): void {
    refuseExtras(config);
    if (config.pair("dilation_rate", [1, 1]).some((rate) => rate !== 1)) {
      throw config.needsTfjs("it is dilated");
    }
    if (config.get("groups") !== undefined && config.get("groups") !== 1) {
      throw config.needsTfjs("it is grouped");
    }
    const filters = config.size("filters");
    const kernelSize = config.pair("kernel_size");
    const window = readWindow(config, this.#shape, kernelSize, config.pair("strides", [1, 1]));
    const { kernel, bias } = this.#addWeights(config, [...kernelSize, window.channels, filters]);
    this.#layers.push({ kind: "conv2d", name: config.layer, window, filters, kernel, bias });
    const positions = window.outputHeight * window.outputWidth;
    this.#count(positions * kernelSize[0] * kernelSize[1] * window.channels * filters);
    this.#shape = [window.outputHeight, window.outputWidth, filters];
    checkActivation(this.#shape);
    this.#addActivation(config, config.text("activation", "linear"));
  }

  #addMaxPool2d(config: LayerConfig): void {
    const poolSize = config.pair("pool_size", [2, 2]);
    const window = readWindow(config, this.#shape, poolSize, config.pair("strides", poolSize));
    this.#layers.push({ kind: "maxPool2d", name: config.layer, window });
    this.#shape = [window.outputHeight, window.outputWidth, window.channels];
  }

  #addDropout(config: LayerConfig): void {
    const noiseShape = config.get("noise_shape");
    if (noiseShape !== undefined) throw config.needsTfjs("it has a noise shape");
    const rate = config.fraction("rate", 0, 1);
    if (rate === 0) return;
    this.#layers.push({ kind: "dropout", name: config.layer, size: volume(this.#shape), rate });
  }

  #addActivation(config: LayerConfig, activation: string): void {
    const { layer: name } = config;
    const size = volume(this.#shape);
    if (activation === "linear") return;
    if (activation === "relu") this.#layers.push({ kind: "relu", name, size });
    else if (activation === "softmax" && this.#shape.length === 1) {
      this.#layers.push({ kind: "softmax", name, size });
    } else throw config.needsTfjs(`it has no ${activation} activation here`);
  }

  #addWeights(
    config: LayerConfig,
    kernelShape: readonly number[],
  ): { kernel: number; bias: number | null } {
    const fans = fansOf(kernelShape);
    const outputs = kernelShape.at(-1) ?? 0;
    const kernel = this.#addParameter(config, "kernel", kernelShape, "glorotNormal", fans);
    if (!config.boolean("use_bias", true)) return { kernel, bias: null };
    const biasFans = { fanIn: outputs, fanOut: outputs };
    return { kernel, bias: this.#addParameter(config, "bias", [outputs], "zeros", biasFans) };
  }

  #addParameter(
    config: LayerConfig,
    part: "kernel" | "bias",
    shape: readonly number[],
    fallback: string,
    fans: { fanIn: number; fanOut: number },
  ): number {
    const offset = this.#parameterCount;
    const size = volume(shape);
    this.#parameterCount += size;
    if (this.#parameterCount > MAX_PARAMETERS) {
      throw tooLarge("parameters", MAX_PARAMETERS, this.#parameterCount);
    }
    const initializer = readInitializer(config, `${part}_initializer`, fallback, fans);
    this.#parameters.push({ name: `${config.layer}/${part}`, shape, offset, size, initializer });
    return offset;
  }

  #count(multiplyAdds: number): void {
    if (this.#multiplyAdds === 0) this.#firstMultiplyAdds = multiplyAdds;
    this.#multiplyAdds += multiplyAdds;
  }
}

function refuseExtras(config: LayerConfig): void {
  for (const field of [
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
  ]) {
    if (config.get(field) !== undefined) throw config.needsTfjs(`it has a ${field}`);
  }
}

function volume(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function checkActivation(shape: readonly number[]): void {
  const size = volume(shape);
  if (size > MAX_ACTIVATION) throw tooLarge("values per sample", MAX_ACTIVATION, size);
}

function tooLarge(what: string, limit: number, actual: number): ModelError {
  return new ModelError(
    `the model has ${actual} ${what}, the limit is ${limit}`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy: "send a smaller model" },
  );
}

function noClasses(layer: string): ModelError {
  const reason = "the model must end in a softmax over at least two classes";
  return new ModelError(
    `layer "${layer}": ${reason}`,
    { code: "NO_CLASSES", layer, reason },
    { remedy: 'end with a Dense layer of one unit per class and activation "softmax"' },
  );
}

function softmaxNotLast(layer = "model"): ModelError {
  const reason = "a layer follows the softmax";
  return new ModelError(
    `layer "${layer}": ${reason}`,
    { code: "NO_CLASSES", layer, reason },
    { remedy: "make the softmax the last layer, and use relu between layers" },
  );
}
