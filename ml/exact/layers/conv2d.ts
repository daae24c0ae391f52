/**
 * 2-D convolution, image by image. Windows are rows of a matrix that is read in place from a copy of
 * the image with a border of zeros; the input gradient is the same convolution over the output
 * gradient with the kernel flipped. Few channels take an explicit matrix of patches instead where
 * the kernel gradient needs runs of whole tiles.
 */

import type { Conv2dLayer, Window } from "../../model/program.ts";
import { roundUp } from "../panels.ts";
import type { LayerPlan, LinkContext, PlanContext, Step, WeightOffsets } from "./layer-plan.ts";

/** Positions that share one pass over a panel of the kernel. */
const ROW_BLOCK = 256;
/** Positions summed between two stores of the kernel gradient. */
const TERM_BLOCK = 1024;

export function planConv2d(
  { window, filters }: Conv2dLayer,
  context: PlanContext,
  weights: WeightOffsets,
  fused: { readonly relu: boolean; readonly maskGradient: boolean },
): LayerPlan {
  return new Conv2dPlan(window, filters, context, weights, fused);
}

class Conv2dPlan implements LayerPlan {
  readonly output: number;
  readonly outputSize: number;
  readonly scratch: number;
  readonly inPlace = false;
  readonly #window: Window;
  readonly #filters: number;
  readonly #input: number;
  readonly #weights: WeightOffsets;
  readonly #fused: { readonly relu: boolean; readonly maskGradient: boolean };
  readonly #positions: number;
  readonly #paddedHeight: number;
  readonly #paddedWidth: number;
  readonly #padded: boolean;
  /** Values of one row of the patch matrix, or 0 where windows are read in place. */
  readonly #patchLength: number;
  readonly #cornerTable: number;
  readonly #patchTable: number;
  readonly #pixelTable: number;
  readonly #dHeight: number;
  readonly #dWidth: number;

  constructor(
    window: Window,
    filters: number,
    { arena, batchSize, input }: PlanContext,
    weights: WeightOffsets,
    fused: { readonly relu: boolean; readonly maskGradient: boolean },
  ) {
    this.#window = window;
    this.#filters = filters;
    this.#input = input;
    this.#weights = weights;
    this.#fused = fused;
    const { inputHeight, inputWidth, outputHeight, outputWidth, channels } = window;
    const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = window;
    this.#positions = outputHeight * outputWidth;
    this.outputSize = this.#positions * filters;
    this.output = arena.reserve(batchSize * this.outputSize);

    const reachY = (outputHeight - 1) * strideHeight + windowHeight;
    const reachX = (outputWidth - 1) * strideWidth + windowWidth;
    this.#paddedHeight = Math.max(padTop + inputHeight, reachY);
    this.#paddedWidth = Math.max(padLeft + inputWidth, reachX);
    this.#padded = this.#paddedHeight > inputHeight || this.#paddedWidth > inputWidth;
    this.#dHeight = inputHeight + windowHeight - 1;
    this.#dWidth = inputWidth + windowWidth - 1;

    const run = windowWidth * channels;
    const tiled = windowHeight === 1 || run % 4 === 0;
    this.#patchLength = tiled ? 0 : roundUp(windowHeight * run, 4);
    this.#cornerTable = arena.table(this.#positions, (position) => {
      const y = Math.floor(position / outputWidth) * strideHeight;
      const x = (position % outputWidth) * strideWidth;
      return (y * this.#paddedWidth + x) * channels * 4;
    });
    this.#patchTable = tiled
      ? 0
      : arena.table(this.#positions, (position) => position * this.#patchLength * 4);
    this.#pixelTable = arena.table(inputHeight * inputWidth, (pixel) => {
      const y = Math.floor(pixel / inputWidth);
      return (y * this.#dWidth + (pixel % inputWidth)) * filters * 4;
    });
    this.scratch = this.#flippedSize() + this.#panelSize() + this.#imageSize() + this.#patchSize();
  }

  forward(context: LinkContext): Step {
    const { kernels } = context;
    const { channels, windowHeight, windowWidth, inputHeight, inputWidth } = this.#window;
    const { kernel, bias } = this.#weights;
    const inputBytes = inputHeight * inputWidth * channels * 4;
    const jump = (this.#paddedWidth - windowWidth) * channels * 4;
    const filters = this.#filters;
    return (count) => {
      for (let image = 0; image < count; image++) {
        kernels.gemm(
          this.#positions,
          filters,
          ROW_BLOCK,
          this.#pad(context, this.#input + image * inputBytes),
          this.#cornerTable,
          windowHeight,
          windowWidth * channels,
          jump,
          kernel,
          bias,
          this.#fused.relu ? 1 : 0,
          this.output + image * this.outputSize * 4,
          filters * 4,
        );
      }
    };
  }

  backward(context: LinkContext, dOutput: number, dInput: number): Step {
    const { kernels, scratch } = context;
    const { channels, windowHeight, windowWidth, inputHeight, inputWidth } = this.#window;
    const { kernel, bias, biasGradient } = this.#weights;
    const filters = this.#filters;
    const inputBytes = inputHeight * inputWidth * channels * 4;
    return (count) => {
      if (this.#fused.maskGradient) {
        kernels.reluBackward(this.output, dOutput, count * this.outputSize);
      }
      if (bias !== 0) kernels.sumRows(dOutput, count * this.#positions, filters, biasGradient);
      if (dInput !== 0) {
        kernels.packFlipped(kernel, windowHeight * windowWidth, channels, filters, scratch);
      }
      for (let image = 0; image < count; image++) {
        const d = dOutput + image * this.outputSize * 4;
        this.#addKernelGradient(context, this.#input + image * inputBytes, d, image > 0);
        if (dInput !== 0) this.#inputGradient(context, d, dInput + image * inputBytes);
      }
    };
  }

  #addKernelGradient(
    context: LinkContext,
    input: number,
    dOutput: number,
    accumulate: boolean,
  ): void {
    const { kernels, scratch } = context;
    const { channels, windowHeight, windowWidth } = this.#window;
    const filters = this.#filters;
    const panels = scratch + this.#flippedSize() * 4;
    const image = this.#pad(context, input);
    const patches = panels + (this.#panelSize() + this.#imageSize()) * 4;
    const explicit = this.#patchLength > 0;
    if (explicit) {
      kernels.patches(
        image,
        this.#cornerTable,
        this.#positions,
        this.#paddedWidth,
        channels,
        windowHeight,
        windowWidth,
        this.#patchLength,
        patches,
      );
    }
    for (let first = 0; first < this.#positions; first += TERM_BLOCK) {
      const terms = Math.min(TERM_BLOCK, this.#positions - first);
      kernels.packPanels(dOutput + first * filters * 4, terms, filters, panels);
      kernels.kernelGradient(
        terms,
        filters,
        explicit ? patches : image,
        (explicit ? this.#patchTable : this.#cornerTable) + first * 4,
        explicit ? 1 : windowHeight,
        explicit ? windowHeight * windowWidth * channels : windowWidth * channels,
        explicit ? 0 : (this.#paddedWidth - windowWidth) * channels * 4,
        panels,
        this.#weights.kernelGradient,
        accumulate || first > 0 ? 1 : 0,
      );
    }
  }

  #inputGradient({ kernels, scratch }: LinkContext, dOutput: number, dInput: number): void {
    const { inputHeight, inputWidth, outputHeight, outputWidth, channels } = this.#window;
    const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = this.#window;
    const filters = this.#filters;
    const spread = scratch + (this.#flippedSize() + this.#panelSize()) * 4;
    kernels.padImage(
      dOutput,
      outputHeight,
      outputWidth,
      filters,
      spread,
      this.#dHeight,
      this.#dWidth,
      windowHeight - 1 - padTop,
      windowWidth - 1 - padLeft,
      strideHeight,
      strideWidth,
    );
    kernels.gemm(
      inputHeight * inputWidth,
      channels,
      ROW_BLOCK,
      spread,
      this.#pixelTable,
      windowHeight,
      windowWidth * filters,
      (this.#dWidth - windowWidth) * filters * 4,
      scratch,
      0,
      0,
      dInput,
      channels * 4,
    );
  }

  /** @returns where the image with its border lies: in scratch, or in place when it needs none */
  #pad({ kernels, scratch }: LinkContext, image: number): number {
    if (!this.#padded) return image;
    const { inputHeight, inputWidth, channels, padTop, padLeft } = this.#window;
    const padded = scratch + (this.#flippedSize() + this.#panelSize()) * 4;
    kernels.padImage(
      image,
      inputHeight,
      inputWidth,
      channels,
      padded,
      this.#paddedHeight,
      this.#paddedWidth,
      padTop,
      padLeft,
      1,
      1,
    );
    return padded;
  }

  // Scratch holds, in this order: flipped kernel, gradient panels, one bordered image, patches.

  #flippedSize(): number {
    const { windowHeight, windowWidth, channels } = this.#window;
    return windowHeight * windowWidth * this.#filters * roundUp(channels, 8);
  }

  #panelSize(): number {
    return Math.min(TERM_BLOCK, this.#positions) * roundUp(this.#filters, 8);
  }

  #imageSize(): number {
    const forward = this.#paddedHeight * this.#paddedWidth * this.#window.channels;
    return Math.max(forward, this.#dHeight * this.#dWidth * this.#filters);
  }

  #patchSize(): number {
    return this.#positions * this.#patchLength;
  }
}
