/**
 * The typed sequential program that the exact engine compiles. Shapes are resolved, offsets point
 * into the flat parameter vector, images are NHWC, kernels are laid out as in tfjs.
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
}

/** A window sliding over an image: convolution or pooling. Padding is zeros, never counted by max. */
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
  readonly padTop: number;
  readonly padLeft: number;
}

export interface DenseLayer {
  readonly kind: "dense";
  readonly name: string;
  readonly inputSize: number;
  readonly outputSize: number;
  /** Offset of the inputSize x outputSize kernel. */
  readonly kernel: number;
  /** Offset of the outputSize biases, or null without bias. */
  readonly bias: number | null;
}

export interface Conv2dLayer {
  readonly kind: "conv2d";
  readonly name: string;
  readonly window: Window;
  readonly filters: number;
  /** Offset of the windowHeight x windowWidth x channels x filters kernel. */
  readonly kernel: number;
  readonly bias: number | null;
}

export interface MaxPool2dLayer {
  readonly kind: "maxPool2d";
  readonly name: string;
  readonly window: Window;
}

export interface ReluLayer {
  readonly kind: "relu";
  readonly name: string;
  readonly size: number;
}

export interface DropoutLayer {
  readonly kind: "dropout";
  readonly name: string;
  readonly size: number;
  /** Share of the values set to zero while training, 0 <= rate < 1. */
  readonly rate: number;
}

/** Always and only the last layer; trained with cross-entropy. */
export interface SoftmaxLayer {
  readonly kind: "softmax";
  readonly name: string;
  readonly size: number;
}

export type ProgramLayer =
  | DenseLayer
  | Conv2dLayer
  | MaxPool2dLayer
  | ReluLayer
  | DropoutLayer
  | SoftmaxLayer;
