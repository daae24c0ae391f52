/**
 * 2-D convolution, image by image. The windows are rows of a matrix that is read in place from a copy of the image with
 * a border of zeros. The input gradient is the same convolution over the output gradient, with the kernel flipped. A
 * dilated convolution uses explicit matrices of patches instead, and so does the kernel gradient for few channels,
 * which needs runs of whole tiles.
 */

import type { Conv2dLayer, Window } from "../../model/program.ts";
import { roundUp } from "../panels.ts";
import type { LayerPlan, LinkContext, PlanContext, Step, Weight } from "./layer-plan.ts";

/** Positions that share one pass over a panel of the kernel. */
const ROW_BLOCK = 256;
/** Positions summed between two stores of the kernel gradient. */
const TERM_BLOCK = 1024;

export interface FusedRelu {
  readonly relu: boolean;
  /** False when the following max pooling applies the gradient mask. */
  readonly maskGradient: boolean;
}

export function planConv2d(layer: Conv2dLayer, context: PlanContext, fused: FusedRelu): LayerPlan {
  return new Conv2dPlan(layer, context, fused);
}

class Conv2dPlan implements LayerPlan {
  readonly output: number;
  readonly scratch: number;
  readonly reads: "nothing" | "sign";
  readonly #size: number;
  readonly #window: Window;
  readonly #filters: number;
  readonly #input: number;
  readonly #kernel: Weight;
  readonly #bias: Weight;
  readonly #fused: FusedRelu;
  readonly #positions: number;
  readonly #paddedHeight: number;
  readonly #paddedWidth: number;
  readonly #padded: boolean;
  readonly #dilated: boolean;
  /** Values of one row of the patch matrix, or 0 where windows are read in place. */
  readonly #patchLength: number;
  /** The same for patches of the output gradient. */
  readonly #dPatchLength: number;
  readonly #cornerTable: number;
  readonly #patchTable: number;
  readonly #pixelTable: number;
  readonly #dPatchTable: number;
  readonly #dHeight: number;
  readonly #dWidth: number;

  constructor(
    { window, filters, size, ...layer }: Conv2dLayer,
    { arena, batchSize, input, weight }: PlanContext,
    fused: FusedRelu,
  ) {
    this.#window = window;
    this.#filters = filters;
    this.#input = input;
    this.#kernel = weight(layer.kernel);
    this.#bias = weight(layer.bias);
    this.#fused = fused;
    this.#size = size;
    this.reads = fused.maskGradient ? "sign" : "nothing";
    const { inputHeight, inputWidth, outputHeight, outputWidth, channels } = window;
    const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = window;
    const spreadY = (windowHeight - 1) * window.dilationHeight;
    const spreadX = (windowWidth - 1) * window.dilationWidth;
    this.#positions = outputHeight * outputWidth;
    this.output = arena.reserve(batchSize * size);

    const reachY = (outputHeight - 1) * strideHeight + spreadY + 1;
    const reachX = (outputWidth - 1) * strideWidth + spreadX + 1;
    this.#paddedHeight = Math.max(padTop + inputHeight, reachY);
    this.#paddedWidth = Math.max(padLeft + inputWidth, reachX);
    this.#padded = this.#paddedHeight > inputHeight || this.#paddedWidth > inputWidth;
    this.#dHeight = inputHeight + spreadY;
    this.#dWidth = inputWidth + spreadX;

    const run = windowWidth * channels;
    this.#dilated = window.dilationHeight > 1 || window.dilationWidth > 1;
    const tiled = !this.#dilated && (windowHeight === 1 || run % 4 === 0);
    this.#patchLength = tiled ? 0 : roundUp(windowHeight * run, 4);
    this.#dPatchLength = this.#dilated ? windowHeight * windowWidth * filters : 0;
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
    this.#dPatchTable = this.#dilated
      ? arena.table(inputHeight * inputWidth, (pixel) => pixel * this.#dPatchLength * 4)
      : 0;
    this.scratch = this.#flippedSize() + this.#panelSize() + this.#imageSize() + this.#patchSize();
  }

  forward(context: LinkContext): Step {
    const { kernels } = context;
    const { channels, windowHeight, windowWidth, inputHeight, inputWidth } = this.#window;
    const inputBytes = inputHeight * inputWidth * channels * 4;
    const jump = (this.#paddedWidth - windowWidth) * channels * 4;
    const taps = windowHeight * windowWidth;
    const filters = this.#filters;
    const dilated = this.#dilated;
    return (count) => {
      for (let image = 0; image < count; image++) {
        const padded = this.#pad(context, this.#input + image * inputBytes);
        kernels.gemm(
          this.#positions,
          filters,
          ROW_BLOCK,
          dilated ? this.#patches(context, padded) : padded,
          dilated ? this.#patchTable : this.#cornerTable,
          dilated ? 1 : windowHeight,
          dilated ? taps * channels : windowWidth * channels,
          dilated ? 0 : jump,
          this.#kernel.value,
          this.#bias.value,
          this.#fused.relu ? 1 : 0,
          this.output + image * this.#size * 4,
          filters * 4,
        );
      }
    };
  }

  backward(context: LinkContext, dOutput: number, [dInput = 0]: readonly number[]): Step {
    const { kernels, scratch } = context;
    const { channels, windowHeight, windowWidth, inputHeight, inputWidth } = this.#window;
    const { value, gradient } = this.#bias;
    const filters = this.#filters;
    const inputBytes = inputHeight * inputWidth * channels * 4;
    return (count) => {
      if (this.#fused.maskGradient) {
        kernels.reluBackward(this.output, dOutput, count * this.#size);
      }
      if (value !== 0) kernels.sumRows(dOutput, count * this.#positions, filters, gradient);
      if (dInput !== 0) {
        const taps = windowHeight * windowWidth;
        kernels.packFlipped(this.#kernel.value, taps, channels, filters, scratch);
      }
      for (let image = 0; image < count; image++) {
        const d = dOutput + image * this.#size * 4;
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
    const explicit = this.#patchLength > 0;
    const rows = explicit ? this.#patches(context, image) : image;
    for (let first = 0; first < this.#positions; first += TERM_BLOCK) {
      const terms = Math.min(TERM_BLOCK, this.#positions - first);
      kernels.packPanels(dOutput + first * filters * 4, filters * 4, terms, filters, panels);
      kernels.kernelGradient(
        terms,
        filters,
        rows,
        (explicit ? this.#patchTable : this.#cornerTable) + first * 4,
        explicit ? 1 : windowHeight,
        explicit ? windowHeight * windowWidth * channels : windowWidth * channels,
        explicit ? 0 : (this.#paddedWidth - windowWidth) * channels * 4,
        panels,
        this.#kernel.gradient,
        accumulate || first > 0 ? 1 : 0,
      );
    }
  }

  #inputGradient(context: LinkContext, dOutput: number, dInput: number): void {
    const { kernels, scratch } = context;
    const { inputHeight, inputWidth, outputHeight, outputWidth, channels } = this.#window;
    const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = this.#window;
    const filters = this.#filters;
    const dilated = this.#dilated;
    const spread = scratch + (this.#flippedSize() + this.#panelSize()) * 4;
    kernels.padImage(
      dOutput,
      outputHeight,
      outputWidth,
      filters,
      spread,
      this.#dHeight,
      this.#dWidth,
      this.#dHeight - inputHeight - padTop,
      this.#dWidth - inputWidth - padLeft,
      strideHeight,
      strideWidth,
    );
    kernels.gemm(
      inputHeight * inputWidth,
      channels,
      ROW_BLOCK,
      dilated ? this.#dPatches(context, spread) : spread,
      dilated ? this.#dPatchTable : this.#pixelTable,
      dilated ? 1 : windowHeight,
      dilated ? this.#dPatchLength : windowWidth * filters,
      dilated ? 0 : (this.#dWidth - windowWidth) * filters * 4,
      scratch,
      0,
      0,
      dInput,
      channels * 4,
    );
  }

  /** @returns where the image with its border lies: in scratch memory, or in place when it needs no border */
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

  #patches({ kernels, scratch }: LinkContext, image: number): number {
    const { channels, windowHeight, windowWidth, dilationHeight, dilationWidth } = this.#window;
    const patches = scratch + (this.#flippedSize() + this.#panelSize() + this.#imageSize()) * 4;
    kernels.patches(
      image,
      this.#cornerTable,
      this.#positions,
      this.#paddedWidth,
      channels,
      windowHeight,
      windowWidth,
      dilationHeight,
      dilationWidth,
      this.#patchLength,
      patches,
    );
    return patches;
  }

  #dPatches({ kernels, scratch }: LinkContext, spread: number): number {
    const { inputHeight, inputWidth, windowHeight, windowWidth } = this.#window;
    const patches = scratch + (this.#flippedSize() + this.#panelSize() + this.#imageSize()) * 4;
    kernels.patches(
      spread,
      this.#pixelTable,
      inputHeight * inputWidth,
      this.#dWidth,
      this.#filters,
      windowHeight,
      windowWidth,
      this.#window.dilationHeight,
      this.#window.dilationWidth,
      this.#dPatchLength,
      patches,
    );
    return patches;
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
    const { inputHeight, inputWidth } = this.#window;
    return Math.max(
      this.#positions * this.#patchLength,
      inputHeight * inputWidth * this.#dPatchLength,
    );
  }
}
