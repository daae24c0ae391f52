/**
 * A shard: the rows of some chunks as one list, read batch by batch. Training and evaluation read data only through a
 * shard.
 */
import type { Rows } from "./rows.ts";

export interface Shard {
  readonly rows: number;
  readonly rowSize: number;
  readonly classes: number;
  /**
   * Writes the rows at `indices` one after the other: features scaled to float32 into `inputs`
   * (indices x rowSize), class indexes into `labels`.
   */
  batch(indices: Uint32Array, inputs: Float32Array, labels: Int32Array): void;
}

export interface ShardFormat {
  /** Multiplies uint8 features; float32 features are taken as they are. */
  readonly scale: number;
  readonly rowSize: number;
  readonly classes: number;
}

/** The parts are kept without copying them. */
export function shardOf(format: ShardFormat, parts: readonly Rows[]): Shard {
  const { rowSize, classes } = format;
  const scale = Math.fround(format.scale);
  const owner = new Uint16Array(parts.reduce((sum, part) => sum + part.labels.length, 0));
  const starts: number[] = [];
  let rows = 0;
  parts.forEach((part, index) => {
    if (part.rowSize !== rowSize) {
      throw new RangeError(`part ${index} has ${part.rowSize} values per row, expected ${rowSize}`);
    }
    starts.push(rows);
    owner.fill(index, rows, rows + part.labels.length);
    rows += part.labels.length;
  });

  function batch(indices: Uint32Array, inputs: Float32Array, labels: Int32Array): void {
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? 0;
      const part = parts[owner[index] ?? 0];
      if (part === undefined || index >= rows) {
        throw new RangeError(`row ${index} of a shard with ${rows} rows`);
      }
      const row = index - (starts[owner[index] ?? 0] ?? 0);
      labels[i] = part.labels[row] ?? 0;
      const values = part.features.subarray(row * rowSize, (row + 1) * rowSize);
      if (values instanceof Float32Array) inputs.set(values, i * rowSize);
      else scaleInto(values, scale, inputs, i * rowSize);
    }
  }
  return { rows, rowSize, classes, batch };
}

/** byte * scale rounded to float32: one IEEE multiplication, with the same bits everywhere. */
function scaleInto(values: Uint8Array, scale: number, inputs: Float32Array, start: number): void {
  for (let k = 0; k < values.length; k++) inputs[start + k] = (values[k] ?? 0) * scale;
}
