/**
 * The chosen columns of a table as float32 features: numbers standardised over the training rows,
 * texts one-hot, missing numbers at the mean.
 */
import { type ColumnProfile, isMissing } from "./csv-columns.ts";
import { dataRecords, type Table } from "./csv-table.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_ROW_SIZE, type ManifestColumn } from "./manifest.ts";

const MAX_TABLE_BYTES = 1024 * 1024 * 1024;

/** A column that becomes one feature (numeric) or one per value (category). */
export interface Encoder {
  readonly column: number;
  readonly profile: ColumnProfile;
  readonly kind: "numeric" | "category";
  readonly values: readonly string[];
}

export function widthOf(encoder: Encoder): number {
  return encoder.kind === "numeric" ? 1 : encoder.values.length;
}

/** Numbers as they stand (NaN where missing), texts one-hot. */
export function encodeRows(
  text: string,
  table: Table,
  encoders: readonly Encoder[],
  width: number,
): Float32Array {
  requireWithin("values per row", width, MAX_ROW_SIZE, "use fewer columns");
  const size = table.labels.length * width;
  requireWithin("bytes of the table", size * 4, MAX_TABLE_BYTES, "take fewer rows or columns");
  const features = new Float32Array(size);
  let at = 0;
  for (const { line, fields, label } of dataRecords(text, table.layout)) {
    if (label === undefined) continue;
    for (const encoder of encoders) {
      const cell = fields[encoder.column] ?? "";
      if (encoder.kind === "numeric") {
        features[at] = numberOf(cell, encoder.profile.name, line);
      } else {
        const index = encoder.values.indexOf(cell);
        if (index !== -1) features[at + index] = 1;
      }
      at += widthOf(encoder);
    }
  }
  return features;
}

function numberOf(cell: string, column: string, line: number): number {
  if (isMissing(cell)) return Number.NaN;
  const value = Math.fround(Number(cell));
  if (Number.isFinite(value)) return value;
  throw new DatasetError(
    `line ${line}, column ${column}: ${JSON.stringify(cell.slice(0, 40))} is not a float32 number`,
    { code: "NOT_NUMERIC", column, line, value: cell.slice(0, 40) },
    { remedy: "correct the value, or leave it empty if it is missing" },
  );
}

/** In place: numeric features to mean 0 and deviation 1 over the training rows, NaN to 0. */
export function standardise(
  features: Float32Array,
  width: number,
  trainRows: Uint32Array,
  encoders: readonly Encoder[],
): ManifestColumn[] {
  let offset = 0;
  return encoders.map((encoder) => {
    const { name } = encoder.profile;
    const start = offset;
    offset += widthOf(encoder);
    if (encoder.kind === "category") return { kind: "category", name, values: [...encoder.values] };
    const { mean, deviation } = momentsOf(features, width, start, trainRows);
    for (let at = start; at < features.length; at += width) {
      const value = features[at] ?? 0;
      features[at] = Number.isNaN(value) ? 0 : (value - mean) / deviation;
    }
    return { kind: "numeric", name, mean, deviation };
  });
}

function momentsOf(
  features: Float32Array,
  width: number,
  start: number,
  rows: Uint32Array,
): { mean: number; deviation: number } {
  const present = Array.from(rows, (row) => features[row * width + start] ?? 0).filter(
    (value) => !Number.isNaN(value),
  );
  const count = Math.max(present.length, 1);
  const mean = Math.fround(present.reduce((sum, value) => sum + value, 0) / count);
  const variance = present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  const deviation = Math.fround(Math.sqrt(variance));
  return { mean, deviation: deviation > 0 ? deviation : 1 };
}
