/**
 * Labelled rows in memory, in the form in which they are stored: bytes stay bytes (60,000 images take 47 MB, not 188)
 * until a batch of them is scaled to float32.
 */

export interface Rows {
  /** Values per row. */
  readonly rowSize: number;
  /** Row after row. */
  readonly features: Uint8Array | Float32Array;
  /** Class index per row; its length is the number of rows. */
  readonly labels: Uint16Array;
}

/** A copy of the rows at `indices`, in that order. */
export function selectRows(rows: Rows, indices: Uint32Array): Rows {
  const { rowSize } = rows;
  const size = indices.length * rowSize;
  const labels = new Uint16Array(indices.length);
  const pick = <T extends Uint8Array | Float32Array>(from: T, to: T): T => {
    indices.forEach((row, i) => {
      to.set(from.subarray(row * rowSize, (row + 1) * rowSize), i * rowSize);
      labels[i] = rows.labels[row] ?? 0;
    });
    return to;
  };
  const features =
    rows.features instanceof Uint8Array
      ? pick(rows.features, new Uint8Array(size))
      : pick(rows.features, new Float32Array(size));
  return { rowSize, features, labels };
}
