/**
 * Rows times a weight matrix in panels, and the two gradients of that product: dense and recurrent layers share it. The
 * input gradient is computed transposed (weight x output gradient), so that the weight never has to be transposed.
 */

import type { Arena } from "./arena.ts";
import type { Kernels } from "./kernel-exports.ts";
import type { LinkContext } from "./layers/layer-plan.ts";
import { roundUp } from "./panels.ts";

/** Rows that share one pass over a panel of the weight. */
const FORWARD_BLOCK = 64;
/** Weight rows that stay in cache while all panels of rows pass. */
const BACKWARD_BLOCK = 16;
/** Rows summed between two stores of the weight gradient. */
const TERM_BLOCK = 1024;
/** Rows whose input gradient is computed together. */
const ROW_BLOCK = 256;

export interface ProductShape {
  /** The largest number of rows. */
  readonly rows: number;
  readonly inputSize: number;
  readonly outputSize: number;
}

/** Rows: the address of the first, and their byte offsets from it in a table of int32. */
export interface Rows {
  readonly count: number;
  readonly at: number;
  readonly table: number;
}

/** Output gradients of the same rows, `rowBytes` from one to the next. */
export interface Gradients {
  readonly at: number;
  readonly rowBytes: number;
}

export class WeightProduct {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Values of scratch memory needed by either gradient. */
  readonly scratch: number;
  readonly #weightTable: number;
  readonly #depth: number;

  constructor(arena: Arena, { rows, inputSize, outputSize }: ProductShape) {
    this.inputSize = inputSize;
    this.outputSize = outputSize;
    this.#weightTable = arena.table(inputSize, (row) => row * 32);
    this.#depth = roundUp(outputSize, 8);
    const panels = Math.min(rows, TERM_BLOCK) * this.#depth;
    const block = Math.min(rows, ROW_BLOCK);
    this.scratch = Math.max(panels, roundUp(block, 8) * this.#depth + inputSize * block);
  }

  /** y = rows x weight + bias, then relu. @param bias byte offset or 0 */
  forward(
    kernels: Kernels,
    rows: Rows,
    weight: number,
    { bias = 0, relu = false }: { readonly bias?: number; readonly relu?: boolean },
    y: number,
  ): void {
    kernels.gemm(
      rows.count,
      this.outputSize,
      FORWARD_BLOCK,
      rows.at,
      rows.table,
      1,
      this.inputSize,
      0,
      weight,
      bias,
      relu ? 1 : 0,
      y,
      this.outputSize * 4,
    );
  }

  weightGradient({ kernels, scratch }: LinkContext, rows: Rows, d: Gradients, to: number): void {
    for (let first = 0; first < rows.count; first += TERM_BLOCK) {
      const terms = Math.min(TERM_BLOCK, rows.count - first);
      kernels.packPanels(d.at + first * d.rowBytes, d.rowBytes, terms, this.outputSize, scratch);
      kernels.kernelGradient(
        terms,
        this.outputSize,
        rows.at,
        rows.table + first * 4,
        1,
        this.inputSize,
        0,
        scratch,
        to,
        first > 0 ? 1 : 0,
      );
    }
  }

  /** @param to where `count` rows of inputSize values go, one directly after another */
  inputGradient(
    { kernels, scratch }: LinkContext,
    count: number,
    weight: number,
    d: Gradients,
    to: number,
  ): void {
    for (let first = 0; first < count; first += ROW_BLOCK) {
      const rows = Math.min(ROW_BLOCK, count - first);
      const transposed = scratch + roundUp(rows, 8) * this.#depth * 4;
      const from = d.at + first * d.rowBytes;
      kernels.packTransposed(from, d.rowBytes, rows, this.outputSize, this.#depth, scratch);
      kernels.gemm(
        this.inputSize,
        rows,
        BACKWARD_BLOCK,
        weight,
        this.#weightTable,
        this.#depth / 8,
        8,
        this.inputSize * 32 - 32,
        scratch,
        0,
        0,
        transposed,
        rows * 4,
      );
      kernels.transpose(transposed, this.inputSize, rows, to + first * this.inputSize * 4);
    }
  }
}
