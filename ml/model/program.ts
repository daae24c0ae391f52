/**
 * The typed program that the exact engine compiles: layers in execution order, each of which names the earlier layers
 * from which it takes its inputs. Shapes are resolved, offsets point into the flat parameter vector, images are NHWC,
 * and kernels are laid out as in tfjs. Layers that only rename dimensions do not appear.
 */

import type { Initializer } from "./initializers.ts";

/** One tensor inside the flat parameter vector (float32 elements, tfjs weight order). */
export interface ParameterSlot {
  /** `layer/kernel`, as tfjs names it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
  readonly initializer: Initializer;
  /** False for the moving statistics of a normalisation, which no optimizer touches. */
  readonly trainable: boolean;
  /** Columns that the engine stores separately; default: all of the last dimension together. */
  readonly groups?: readonly number[];
}

/** A window that slides over an image: convolution or pooling. Padding is zeros, which pooling never counts. */
export interface Window {
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Stands for the model's own input, in place of the index of a layer. */
export const MODEL_INPUT = -1;

interface LayerBase {
  readonly name: string;
  /** Indexes of the layers whose outputs it takes, or MODEL_INPUT. */
  readonly inputs: readonly number[];
  /** Values of one sample's output. */
  readonly size: number;
}

export interface DenseLayer extends LayerBase {
  readonly kind: "dense";
  /** Vectors of one sample: 1 for a flat input. */
  readonly rows: number;
  readonly inputSize: number;
  readonly outputSize: number;
  /** Offset of the inputSize x outputSize kernel. */
  readonly kernel: number;
  /** Offset of the outputSize biases, or null without bias. */
  readonly bias: number | null;
}

export interface Conv2dLayer extends LayerBase {
  readonly kind: "conv2d";
  readonly window: Window;
  readonly filters: number;
  /** Offset of the windowHeight x windowWidth x channels x filters kernel. */
  readonly kernel: number;
  readonly bias: number | null;
}

export interface DepthwiseConv2dLayer extends LayerBase {
  readonly kind: "depthwiseConv2d";
  readonly window: Window;
  /** Outputs of each channel. */
  readonly multiplier: number;
  /** Offset of the windowHeight x windowWidth x channels x multiplier kernel. */
  readonly kernel: number;
  readonly bias: number | null;
}

export interface PoolLayer extends LayerBase {
  readonly kind: "maxPool2d" | "averagePool2d";
  readonly window: Window;
}

export type Activation =
  | "linear"
  | "relu"
  | "leakyRelu"
  | "sigmoid"
  | "tanh"
  | "hardSigmoid"
  | "gelu";

export interface ActivationLayer extends LayerBase {
  readonly kind: "activation";
  readonly activation: Activation;
  /** Slope of leaky relu below 0; 0 for the others. */
  readonly alpha: number;
}

/** Over the last dimension. */
export interface SoftmaxLayer extends LayerBase {
  readonly kind: "softmax";
  readonly classes: number;
}

export interface DropoutLayer extends LayerBase {
  readonly kind: "dropout";
  /** Share of the values set to zero while training, 0 <= rate < 1. */
  readonly rate: number;
}

export interface BatchNormLayer extends LayerBase {
  readonly kind: "batchNorm";
  readonly channels: number;
  readonly epsilon: number;
  /** Share of the old moving statistics that a step keeps. */
  readonly momentum: number;
  readonly gamma: number | null;
  readonly beta: number | null;
  readonly movingMean: number;
  readonly movingVariance: number;
}

export interface LayerNormLayer extends LayerBase {
  readonly kind: "layerNorm";
  readonly channels: number;
  readonly epsilon: number;
  readonly gamma: number | null;
  readonly beta: number | null;
}

export interface EmbeddingLayer extends LayerBase {
  readonly kind: "embedding";
  /** Indexes of one sample. */
  readonly length: number;
  readonly vocabulary: number;
  readonly width: number;
  /** Offset of the vocabulary x width table. */
  readonly table: number;
}

export interface RecurrentLayer extends LayerBase {
  readonly kind: "simpleRnn" | "gru" | "lstm";
  readonly steps: number;
  readonly inputSize: number;
  readonly units: number;
  readonly activation: Activation;
  /** Of the gates; unused by simpleRnn. */
  readonly recurrentActivation: Activation;
  /** The output is every state, not only the last one. */
  readonly sequences: boolean;
  /** Offset of the inputSize x (gates x units) kernel. */
  readonly kernel: number;
  /** Offset of the units x (gates x units) recurrent kernel. */
  readonly recurrentKernel: number;
  readonly bias: number | null;
}

export interface AddLayer extends LayerBase {
  readonly kind: "add";
}

export interface ConcatenateLayer extends LayerBase {
  readonly kind: "concatenate";
  /** Runs of one sample; each is `parts` values of the inputs in turn. */
  readonly rows: number;
  readonly parts: readonly number[];
}

export type ProgramLayer =
  | DenseLayer
  | Conv2dLayer
  | DepthwiseConv2dLayer
  | PoolLayer
  | ActivationLayer
  | SoftmaxLayer
  | DropoutLayer
  | BatchNormLayer
  | LayerNormLayer
  | EmbeddingLayer
  | RecurrentLayer
  | AddLayer
  | ConcatenateLayer;
