/**
 * The layout of parameters inside the engine: panels, as its kernels read them. A tensor of K x N values (N is its last
 * dimension) becomes ceil(N / 8) panels of K rows of eight, padded with zeros. Outside the engine, parameters are flat
 * in tfjs order. Gradients and the optimizer's means use the same panels. Parameters that no optimizer changes come
 * last.
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
    for (const group of this.#groups) {
      for (let row = 0; row < group.rows; row++) {
        const from = group.flat + row * group.stride;
        copyRow(packed, group.packed + row * WIDTH, group.rows * WIDTH, flat, from, WIDTH, group);
      }
    }
  }

  unpack(packed: Float32Array, flat: Float32Array): void {
    for (const group of this.#groups) {
      for (let row = 0; row < group.rows; row++) {
        const to = group.flat + row * group.stride;
        copyRow(flat, to, WIDTH, packed, group.packed + row * WIDTH, group.rows * WIDTH, group);
      }
    }
  }
}

/** Copies one row of a group, eight values at a time; the steps lead from one group of eight to the next. */
function copyRow(
  target: Float32Array,
  to: number,
  toStep: number,
  source: Float32Array,
  from: number,
  fromStep: number,
  { columns }: Group,
): void {
  let at = to;
  let begin = from;
  let left = columns;
  // Written out, because a checkpoint copies every parameter, and a loop over eight values is three times slower.
  for (; left >= WIDTH; left -= WIDTH) {
    target[at] = source[begin] ?? 0;
    target[at + 1] = source[begin + 1] ?? 0;
    target[at + 2] = source[begin + 2] ?? 0;
    target[at + 3] = source[begin + 3] ?? 0;
    target[at + 4] = source[begin + 4] ?? 0;
    target[at + 5] = source[begin + 5] ?? 0;
    target[at + 6] = source[begin + 6] ?? 0;
    target[at + 7] = source[begin + 7] ?? 0;
    at += toStep;
    begin += fromStep;
  }
  for (let lane = 0; lane < left; lane++) target[at + lane] = source[begin + lane] ?? 0;
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
