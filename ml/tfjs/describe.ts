/**
 * Describes a model that only tfjs can run, in the terms of the rest of the system: shapes, classes and the flat
 * parameter layout. The tfjs model is built for this and freed again.
 */

import type { LayersModel as TfjsModel } from "@tensorflow/tfjs-layers";
import { MAX_CLASSES } from "../dataset/manifest.ts";
import { fansOf, type Initializer, readInitializer } from "../model/initializers.ts";
import { LayerConfig } from "../model/layer-config.ts";
import {
  type ExactRefusal,
  type LayersModel,
  type ModelEnding,
  renamingNotes,
} from "../model/layers-model.ts";
import { ModelError } from "../model/model-error.ts";
import { isPlainObject, type PlainObject } from "../model/plain-json.ts";
import { MAX_ACTIVATION, tooLarge } from "../model/program-builder.ts";
import { readTopology, type Topology } from "../model/topology.ts";
import { chooseBackend } from "./backend.ts";
import { buildTfjsModel, type TfjsLayer, type TfjsWeight, weightsOf } from "./build-model.ts";
import { type LayerFacts, plainOperations, weightOperations } from "./layer-operations.ts";

/** @throws ModelError UNSUPPORTED_LAYER, BAD_CONFIG or TOO_LARGE */
export async function describeWithTfjs(
  json: unknown,
  exactRefusal: ExactRefusal,
): Promise<LayersModel> {
  const topology = readTopology(json);
  await chooseBackend(() => undefined);
  refuseUnapplied(topology);
  const model = await buildTfjsModel(topology);
  try {
    const inputShape = oneShape(model.inputs, "inputs");
    const outputShape = oneShape(model.outputs, "outputs");
    const outputSize = outputShape.reduce((product, size) => product * size, 1);
    if (outputSize > MAX_CLASSES) throw tooLarge("outputs", MAX_CLASSES, outputSize);
    const weights = weightsOf(model);
    return {
      json: topology.json,
      inputShape,
      inputSize: inputShape.reduce((product, size) => product * size, 1),
      outputSize,
      classes: Math.max(2, outputSize),
      ending: endingOf(model.outputs[0]?.sourceLayer, outputShape),
      parameters: weights.map((weight) => ({
        name: weight.name,
        shape: weight.shape,
        offset: weight.offset,
        size: weight.size,
        initializer: initializerOf(weight, topology),
        trainable: weight.trainable,
      })),
      parameterCount: weights.reduce((sum, { size }) => sum + size, 0),
      layers: null,
      exactRefusal,
      notes: [...renamingNotes(topology), ...regularizerNotes(topology)],
      flopsPerSample: operationsOf(model, weights),
      activationsPerSample: model.layers.reduce((sum, layer) => sum + outputsOf(layer), 0),
    };
  } finally {
    model.dispose();
  }
}

/**
 * Refuses constraints, which are not applied between steps here, and regularizers of outputs, which tfjs does not have.
 */
function refuseUnapplied({ layers }: Topology): void {
  for (const { name, className, config } of layers) {
    for (const field of settingsOf(config)) {
      const isConstraint = field.endsWith("_constraint");
      if (field === "stateful" && hasState(config)) {
        const reader = new LayerConfig(name, className, config);
        throw reader.bad(field, "makes an answer depend on the rows before it; set it to false");
      }
      if (!isConstraint && field !== "activity_regularizer") continue;
      const reader = new LayerConfig(name, className, config);
      throw reader.bad(
        field,
        `is not applied in training; set it to null${isConstraint ? ", or order clipped gradients" : ""}`,
      );
    }
  }
}

function hasState(config: PlainObject): boolean {
  const { stateful, layer } = config;
  if (stateful !== undefined && stateful !== null && stateful !== false) return true;
  return isPlainObject(layer) && isPlainObject(layer.config) && hasState(layer.config);
}

function regularizerNotes({ layers }: Topology): string[] {
  return layers.flatMap(({ name, config }) =>
    settingsOf(config)
      .filter((field) => field.endsWith("_regularizer"))
      .map(
        (field) =>
          `layer ${name}: its ${field} is part of the loss in training, but not of the test metrics`,
      ),
  );
}

/** The fields that are set in a layer and in the layer that it wraps. */
function settingsOf(config: PlainObject): string[] {
  const own = Object.entries(config).flatMap(([field, value]) => (value === null ? [] : [field]));
  const { layer } = config;
  return isPlainObject(layer) && isPlainObject(layer.config)
    ? [...own, ...settingsOf(layer.config)]
    : own;
}

function oneShape(
  tensors: readonly { readonly shape: readonly (number | null)[] }[],
  field: string,
): readonly number[] {
  const shape = tensors[0]?.shape.slice(1) ?? [];
  const known = shape.every((size): size is number => size !== null && size >= 1);
  const volume = shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  if (tensors.length === 1 && shape.length > 0 && known && volume <= MAX_ACTIVATION) return shape;
  const reason = "must be one tensor of known shape";
  throw new ModelError(
    `the model's ${field} ${reason}`,
    { code: "BAD_CONFIG", layer: "model", field, reason },
    { remedy: "send a model with one input and one output, with all dimensions given" },
  );
}

/** In recurrent and some other layers the activation is not the last operation. */
const ENDING_LAYERS: ReadonlySet<string> = new Set(["Activation", "Dense"]);

function endingOf(layer: TfjsLayer | undefined, outputShape: readonly number[]): ModelEnding {
  const className = layer?.getClassName() ?? "";
  const activation = ENDING_LAYERS.has(className) ? layer?.getConfig().activation : undefined;
  if (activation === "sigmoid") return "sigmoid";
  const isSoftmax = className === "Softmax" || activation === "softmax";
  const [classes = 0, ...more] = outputShape;
  return isSoftmax && more.length === 0 && classes >= 2 ? "softmax" : "other";
}

/** Uses our own generator for the values that tfjs would draw itself. */
function initializerOf({ name, shape, layer }: TfjsWeight, topology: Topology): Initializer {
  const part = name.slice(name.lastIndexOf("/") + 1);
  const field = `${part.replace(/(?<=depthwise|pointwise|recurrent)_kernel$/, "")}_initializer`;
  const own = topology.layers.find((candidate) => candidate.name === layer.name)?.config ?? {};
  const wrapped =
    isPlainObject(own.layer) && isPlainObject(own.layer.config) ? own.layer.config : {};
  const config = new LayerConfig(layer.name, layer.getClassName(), { ...wrapped, ...own });
  const ones = part === "gamma" || part === "moving_variance";
  const fallback = shape.length >= 2 ? "glorotNormal" : ones ? "ones" : "zeros";
  return readInitializer(config, field, fallback, fansOf(shape));
}

/** Number of values that a layer puts out for one sample; an unknown dimension counts as one. */
function outputsOf({ outputShape }: TfjsLayer): number {
  const shapes = (Array.isArray(outputShape[0]) ? outputShape : [outputShape]) as unknown[][];
  return shapes
    .map((shape) => shape.slice(1).reduce<number>((n, side) => n * (Number(side) || 1), 1))
    .reduce((sum, size) => {
      if (size > MAX_ACTIVATION) throw tooLarge("values per sample", MAX_ACTIVATION, size);
      return sum + size;
    }, 0);
}

/** Forward and backward: the operations of its layers with weights, and of those without. */
function operationsOf(model: TfjsModel, weights: readonly TfjsWeight[]): number {
  const used = weights.reduce(
    (sum, { layer, size, shape }) => sum + weightOperations(factsOf(layer), size, shape.length),
    0,
  );
  return model.layers.reduce((sum, layer) => sum + plainOperations(factsOf(layer)), used);
}

/** A layer is applied once (ml/model/graph.ts), so it has one input shape and one output shape. */
function factsOf(layer: TfjsLayer): LayerFacts {
  const [node] = layer.inboundNodes;
  return {
    className: layer.getClassName(),
    config: layer.getConfig() as LayerFacts["config"],
    inputShape: firstShape(node?.inputShapes),
    outputShape: firstShape(node?.outputShapes),
  };
}

/** Takes the only shape, or the first of a list. */
function firstShape(shapes: unknown): readonly unknown[] {
  if (!Array.isArray(shapes)) return [];
  const [first] = shapes;
  return Array.isArray(first) ? first : shapes;
}
