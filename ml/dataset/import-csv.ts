/**
 * Makes a dataset of a CSV table: numeric columns standardised over the training rows, text columns with few values
 * one-hot, missing numbers replaced by the mean, and a seeded, stratified test split. `notes` report everything that is
 * left out, filled in or guessed; whatever can be read in two ways is refused.
 */
import { taggedHash } from "../../chain/crypto/hash.ts";
import type { DatasetSource } from "./build.ts";
import { type ChoiceOptions, chooseColumns, withoutConstants } from "./csv-choice.ts";
import {
  type Encoder,
  encodeRows,
  manifestColumns,
  mergedValues,
  type Scale,
  scalesOf,
  widthOf,
} from "./csv-features.ts";
import { shown } from "./csv-names.ts";
import {
  bounded,
  each,
  notesOnColumns,
  notesOnLabels,
  notesOnLeftOut,
  notesOnReading,
} from "./csv-notes.ts";
import { readTable, type Table, type TableOptions } from "./csv-table.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { rowSize } from "./manifest.ts";
import { stratifiedSplit } from "./order.ts";
import { decodeText, withoutMarks } from "./text-encoding.ts";

/** What the owner of a table can state about it. */
export interface CsvSettings extends TableOptions, Omit<ChoiceOptions, "shape"> {
  /** A name of the Encoding Standard; default UTF-8, or UTF-16 with a byte order mark. */
  readonly encoding?: string | undefined;
}

export interface CsvOptions extends CsvSettings, ChoiceOptions {
  readonly name: string;
  readonly licence?: string;
  readonly source?: string;
  /** Share of the rows kept for testing, over 0 and under 1; default 0.2. */
  readonly testShare?: number | undefined;
  /** 32 bytes; default a fixed seed. */
  readonly seed?: Uint8Array | undefined;
  /** Called with the share of the work that is done. */
  readonly onProgress?: (done: number) => void;
}

export interface CsvImport {
  /** Its notes tell the owner of the data what was left out, filled in or guessed. */
  readonly dataset: DatasetSource;
  readonly notes: readonly string[];
}

export const MAX_CSV_BYTES = 256 * 1024 * 1024;

/** Share of the work that is done once the table has been read for the first time, and for the second. */
const READ_SHARE = 0.5;
const SCALED_SHARE = 0.7;

/** @throws DatasetError naming line, column or option */
export function importCsv(bytes: Uint8Array | string, options: CsvOptions): CsvImport {
  requireWithin("CSV bytes", bytes.length, MAX_CSV_BYTES, "take fewer rows");
  const decoded =
    typeof bytes === "string"
      ? { text: withoutMarks(bytes), notes: [] }
      : decodeText(bytes, options.encoding);
  const table = readTable(decoded.text, options);
  options.onProgress?.(READ_SHARE);
  const chosen = chooseColumns(table, options);
  const { isTraining, trainCount } = split(table, options);
  const isImage = options.shape !== undefined;
  const asBytes = isImage && chosen.encoders.every((encoder) => encoder.profile.isByte);
  const scales = scalesOf(table, chosen.encoders, isTraining);
  options.onProgress?.(SCALED_SHARE);
  const { encoders, kept, leftOut } = isImage
    ? { ...chosen, kept: scales.map((scale) => pixelScale(scale, asBytes)) }
    : withoutConstants(chosen, scales);
  const shape = shapeOf(
    encoders.reduce((sum, one) => sum + widthOf(one), 0),
    options.shape,
  );
  const { train, test } = encodeRows(table, encoders, kept, { isTraining, asBytes });
  options.onProgress?.(1);
  const notes = bounded([
    ...decoded.notes,
    ...notesOnReading(table),
    ...notesOnLabels(table, isTraining),
    ...notesOnLeftOut(leftOut),
    ...(isImage ? [] : notesOnColumns(encoders)),
    ...(isImage ? [] : mergedNotes(encoders, kept)),
  ]);
  const { dialect, names, label, header } = table;
  const dataset: DatasetSource = {
    name: options.name,
    licence: options.licence ?? "",
    source: options.source ?? "",
    scale: asBytes ? 1 / 255 : 1,
    shape,
    columns: asBytes ? [] : manifestColumns(encoders, kept),
    classes: [...table.classes],
    notes,
    table: {
      separator: dialect.separator,
      header: header !== undefined,
      fields: dialect.width,
      label: { name: names.names[label.column] ?? "", position: label.column },
      leftOut,
    },
    train,
    test,
  };
  if (train.labels.length !== trainCount) throw new RangeError("rows were lost on the way");
  return { dataset, notes };
}

function split(
  table: Table,
  options: CsvOptions,
): { readonly isTraining: Uint8Array; readonly trainCount: number } {
  const seed = options.seed ?? taggedHash("poml/csv-split/v1");
  const [, trainRows] = stratifiedSplit(table.labels, options.testShare ?? 0.2, seed);
  const isTraining = new Uint8Array(table.labels.length);
  for (const row of trainRows) isTraining[row] = 1;
  return { isTraining, trainCount: trainRows.length };
}

/** Every pixel stays a feature, and bytes stay bytes. */
function pixelScale(scale: Scale | undefined, asBytes: boolean): Scale {
  if (scale === undefined || asBytes) return { mean: 0, deviation: 1 };
  return { mean: scale.mean, deviation: scale.deviation || 1 };
}

function mergedNotes(
  encoders: readonly Encoder[],
  scales: readonly (Scale | undefined)[],
): string[] {
  const scaleOf = new Map(encoders.map((encoder, i) => [encoder, scales[i]]));
  return each(encoders, (encoder) => {
    const scale = scaleOf.get(encoder);
    const merged = scale === undefined ? 0 : mergedValues(encoder, scale);
    if (merged === 0) return undefined;
    const { name, distinct, min, max } = encoder.profile;
    return `WARNING: column ${shown(name)}: of its first ${distinct.size} different values ${merged} became equal to another as 32-bit numbers, because its range from ${min} to ${max} is too wide; take logarithms, or remove the values far from the rest.`;
  });
}

function shapeOf(width: number, wanted: readonly number[] | undefined): number[] {
  if (wanted === undefined) return [width];
  const expected = rowSize({ shape: [...wanted] });
  if (expected !== width) {
    throw new DatasetError(
      `shape ${wanted.join("x")} takes ${expected} columns, the table has ${width} besides the label`,
      { code: "SHAPE", expected, actual: width },
      { remedy: "correct the shape or leave it out" },
    );
  }
  return [...wanted];
}
