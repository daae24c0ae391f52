/**
 * Parameters live in the engine as the panels its kernels read: a tensor of K x N values (N its last
 * dimension) becomes ceil(N / 8) panels of K rows of eight, padded with zeros. Outside, parameters
 * are flat in tfjs order. Gradients and the optimizer's means use the same panels. What no optimizer
 * touches lies behind the rest.
 */

import type { ParameterSlot } from "../model/program.ts";

const WIDTH = 8;

/** Columns of a tensor that share panels. */
interface Group {
  readonly packed: number;
  readonly flat: number;
  readonly rows: number;
  readonly columns: number;
  /** Values from row to row in the flat tensor. */
  readonly stride: number;
}

export class PanelLayout {
  /** Values of the whole packed vector. */
  readonly size: number;
  /** Values of its front part, which an optimizer updates. */
  readonly trainable: number;
  readonly #groups: readonly Group[];

  constructor(parameters: readonly ParameterSlot[]) {
    const groups: Group[] = [];
    let packed = 0;
    const place = ({ offset, size, shape, groups: widths }: ParameterSlot): void => {
      const columns = widths ?? [shape.at(-1) ?? 1];
      const stride = columns.reduce((sum, width) => sum + width, 0);
      const rows = size / stride;
      let flat = offset;
      for (const width of columns) {
        groups.push({ packed, flat, rows, columns: width, stride });
        packed += rows * roundUp(width, WIDTH);
        flat += width;
      }
    };
    for (const slot of parameters) if (slot.trainable) place(slot);
    this.trainable = packed;
    for (const slot of parameters) if (!slot.trainable) place(slot);
    this.#groups = groups;
    this.size = packed;
  }

  /** Where the parameter or group at flat offset `flat` begins in the packed vector. */
  offsetOf(flat: number): number {
    const group = this.#groups.find((candidate) => candidate.flat === flat);
    if (group === undefined) throw new RangeError(`flat: no parameter starts at ${flat}`);
    return group.packed;
  }

  pack(flat: Float32Array, packed: Float32Array): void {
    this.#walk((flatIndex, packedIndex, width) => {
      for (let lane = 0; lane < width; lane++) {
        packed[packedIndex + lane] = flat[flatIndex + lane] ?? 0;
      }
    });
  }

  unpack(packed: Float32Array, flat: Float32Array): void {
    this.#walk((flatIndex, packedIndex, width) => {
      for (let lane = 0; lane < width; lane++) {
        flat[flatIndex + lane] = packed[packedIndex + lane] ?? 0;
      }
    });
  }

  #walk(copy: (flatIndex: number, packedIndex: number, width: number) => void): void {
    for (const { packed, flat, rows, columns, stride } of this.#groups) {
      let at = packed;
      for (let column = 0; column < columns; column += WIDTH) {
        const width = Math.min(WIDTH, columns - column);
        for (let row = 0; row < rows; row++) {
          copy(flat + row * stride + column, at, width);
          at += WIDTH;
        }
      }
    }
  }
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
