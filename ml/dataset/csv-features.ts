/**
 * Turns the chosen columns of a table into features: numbers standardised over the training rows, texts one-hot,
 * missing numbers replaced by the mean. All of it is computed in doubles, and only the result is rounded to 32 bits, so
 * that large numbers such as seconds since 1970 keep their differences.
 */
import { type ColumnProfile, placed } from "./csv-columns.ts";
import { shown } from "./csv-names.ts";
import { type DecimalMark, isMissing, numberOf } from "./csv-numbers.ts";
import { dataRows, type Table } from "./csv-table.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_ROW_SIZE, type ManifestColumn } from "./manifest.ts";
import type { Rows } from "./rows.ts";

const MAX_TABLE_BYTES = 512 * 1024 * 1024;
/** Whole numbers up to here are exact as 32-bit floats. */
const LARGEST_WHOLE = 2 ** 24;
const DOUBLE_EPSILON = 2 ** -52;
/** The rounding of the input to doubles must be finer than this part of the deviation. */
const NEEDED_PRECISION = 2 ** -20;

/** A column that becomes one feature (numeric) or one per value (category). */
export type Encoder = {
  /** Position in the table, from 0. */
  readonly column: number;
  readonly profile: ColumnProfile;
} & (
  | { readonly kind: "numeric"; readonly mark: DecimalMark; readonly keepsWhole: boolean }
  | { readonly kind: "category"; readonly values: readonly string[] }
);

export interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

export function widthOf(encoder: Encoder): number {
  return encoder.kind === "numeric" ? 1 : encoder.values.length;
}

/**
 * Mean and deviation of every numeric encoder over the training rows; a deviation of 0 means that the column has one
 * value in all of them.
 */
export function scalesOf(
  table: Table,
  encoders: readonly Encoder[],
  isTraining: Uint8Array,
): (Scale | undefined)[] {
  const sums = encoders.map(() => ({ count: 0, mean: 0, squares: 0 }));
  let row = 0;
  for (const { fields } of dataRows(table)) {
    if (isTraining[row++] !== 1) continue;
    encoders.forEach((encoder, i) => {
      const cell = fields[encoder.column] ?? "";
      const sum = sums[i];
      if (encoder.kind !== "numeric" || sum === undefined || isMissing(cell)) return;
      // Scaled to the range from 0 to 1, so that neither squares nor a large offset cost precision (Welford).
      const { min, max } = encoder.profile;
      const value = (numberOf(cell, encoder.mark) - min) / (max - min || 1);
      sum.count++;
      const distance = value - sum.mean;
      sum.mean += distance / sum.count;
      sum.squares += distance * (value - sum.mean);
    });
  }
  return encoders.map((encoder, i) => {
    if (encoder.kind !== "numeric") return undefined;
    if (encoder.keepsWhole) return { mean: 0, deviation: 1 };
    const { count, mean, squares } = sums[i] ?? { count: 0, mean: 0, squares: 0 };
    const { min, max } = encoder.profile;
    const deviation = count === 0 ? 0 : (max - min) * Math.sqrt(squares / count);
    return { mean: min + (max - min) * mean, deviation };
  });
}

/** @throws DatasetError NOT_NUMERIC where a column's values cannot be told apart well enough */
export function requirePrecision({ profile }: Encoder, { deviation }: Scale): void {
  const place = profile.firstInexact;
  const largest = Math.max(Math.abs(profile.min), Math.abs(profile.max));
  if (place === undefined || largest * DOUBLE_EPSILON <= deviation * NEEDED_PRECISION) return;
  throw new DatasetError(
    `column ${shown(profile.name)}: ${placed(place)} has more digits than numbers of 64 bits keep, and its differences from the other values are too small for them`,
    { code: "NOT_NUMERIC", column: profile.name, line: place.line, value: place.cell.slice(0, 40) },
    {
      remedy:
        "subtract a common offset from the column, or leave it out with the option leaveOut (--leave-out)",
    },
  );
}

/** How many of the first thousand different values of a column become the same feature as another value. */
export function mergedValues({ profile }: Encoder, { mean, deviation }: Scale): number {
  const features = new Set<number>();
  for (const value of profile.distinct) features.add(Math.fround((value - mean) / deviation));
  return profile.distinct.size - features.size;
}

/** @throws DatasetError NOT_NUMERIC, TOO_LARGE */
export function encodeRows(
  table: Table,
  encoders: readonly Encoder[],
  scales: readonly (Scale | undefined)[],
  { isTraining, asBytes }: { readonly isTraining: Uint8Array; readonly asBytes: boolean },
): { readonly train: Rows; readonly test: Rows } {
  const rowSize = encoders.reduce((sum, encoder) => sum + widthOf(encoder), 0);
  requireWithin("values per row", rowSize, MAX_ROW_SIZE, "use fewer columns");
  const bytes = table.labels.length * rowSize * (asBytes ? 1 : 4);
  requireWithin("bytes of the table", bytes, MAX_TABLE_BYTES, "take fewer rows or columns");
  const parts = [0, 1].map((part) => {
    const labels = table.labels.filter((_, row) => isTraining[row] === part);
    const size = labels.length * rowSize;
    return { rowSize, features: asBytes ? new Uint8Array(size) : new Float32Array(size), labels };
  });
  const [test, train] = parts;
  if (train === undefined || test === undefined) throw new RangeError("two parts were made");
  const at = [0, 0];
  const indexes = encoders.map((encoder) =>
    encoder.kind === "category" ? new Map(encoder.values.map((text, i) => [text, i])) : undefined,
  );
  let row = 0;
  for (const { line, fields } of dataRows(table)) {
    const part = isTraining[row++] === 1 ? 1 : 0;
    const { features } = part === 1 ? train : test;
    let position = at[part] ?? 0;
    encoders.forEach((encoder, i) => {
      const cell = fields[encoder.column] ?? "";
      if (encoder.kind === "numeric") {
        features[position] = featureOf(cell, line, encoder, scales[i]);
      } else {
        const index = indexes[i]?.get(cell);
        if (index !== undefined) features[position + index] = 1;
      }
      position += widthOf(encoder);
    });
    at[part] = position;
  }
  return { train, test };
}

function featureOf(
  cell: string,
  line: number,
  encoder: Encoder & { kind: "numeric" },
  scale: Scale | undefined,
): number {
  if (scale === undefined) return 0;
  if (!isMissing(cell)) {
    const value = numberOf(cell, encoder.mark);
    if (!Number.isFinite(value)) refuseCell(encoder, line, cell, "is not a number");
    if (encoder.keepsWhole && Math.abs(value) > LARGEST_WHOLE) {
      refuseCell(encoder, line, cell, "is above 2^24, where whole numbers are no longer exact");
    }
    return (value - scale.mean) / scale.deviation;
  }
  if (!encoder.keepsWhole) return 0;
  return refuseCell(
    encoder,
    line,
    cell,
    "is missing, and for whole numbers no mean can replace it",
  );
}

function refuseCell({ profile }: Encoder, line: number, cell: string, reason: string): never {
  throw new DatasetError(
    `line ${line}, column ${shown(profile.name)}: ${shown(cell)} ${reason}`,
    { code: "NOT_NUMERIC", column: profile.name, line, value: cell.slice(0, 40) },
    { remedy: "correct the value, or do not ask to keep whole numbers or pixels" },
  );
}

/** How to encode new rows: one entry for each column, in the order of the features. */
export function manifestColumns(
  encoders: readonly Encoder[],
  scales: readonly (Scale | undefined)[],
): ManifestColumn[] {
  return encoders.map((encoder, i): ManifestColumn => {
    const { column: position, profile } = encoder;
    const { name } = profile;
    if (encoder.kind === "category") {
      const { empty: missing } = profile;
      return { kind: "category", name, position, values: [...encoder.values], missing };
    }
    const { mean, deviation } = scales[i] ?? { mean: 0, deviation: 1 };
    return {
      kind: "numeric",
      name,
      position,
      decimal: encoder.mark,
      integer: profile.isWhole,
      min: profile.min,
      max: profile.max,
      mean,
      deviation,
      fill: encoder.keepsWhole ? null : mean,
      missing: profile.missing,
    };
  });
}
