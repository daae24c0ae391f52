/**
 * Parameters live in the engine as the panels its kernels read: a tensor of K x N values (N its last
 * dimension) becomes ceil(N / 8) panels of K rows of eight, padded with zeros. Outside, parameters
 * are flat in tfjs order. Gradients and momentum use the same panels.
 */

import type { ParameterSlot } from "../model/program.ts";

const WIDTH = 8;

export interface PanelSlot {
  /** First value within the packed vector. */
  readonly packed: number;
  readonly flat: number;
  readonly rows: number;
  readonly columns: number;
}

export class PanelLayout {
  /** Values of the whole packed vector. */
  readonly size: number;
  readonly #slots: readonly PanelSlot[];

  constructor(parameters: readonly ParameterSlot[]) {
    let packed = 0;
    this.#slots = parameters.map(({ offset, size, shape }) => {
      const columns = shape.at(-1) ?? 1;
      const slot = { packed, flat: offset, rows: size / columns, columns };
      packed += slot.rows * roundUp(columns, WIDTH);
      return slot;
    });
    this.size = packed;
  }

  /** Where the parameter at flat offset `flat` begins in the packed vector. */
  offsetOf(flat: number): number {
    const slot = this.#slots.find((candidate) => candidate.flat === flat);
    if (slot === undefined) throw new RangeError(`flat: no parameter starts at ${flat}`);
    return slot.packed;
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
    for (const { packed, flat, rows, columns } of this.#slots) {
      let at = packed;
      for (let column = 0; column < columns; column += WIDTH) {
        const width = Math.min(WIDTH, columns - column);
        for (let row = 0; row < rows; row++) {
          copy(flat + row * columns + column, at, width);
          at += WIDTH;
        }
      }
    }
  }
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
