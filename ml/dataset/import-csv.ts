/**
 * A CSV table to a dataset: numeric columns standardised over the training rows, text columns with
 * few values one-hot, missing numbers set to the mean, a seeded stratified test split. Every
 * decision that leaves something out is told in `notes`.
 */
import { taggedHash } from "../../chain/crypto/hash.ts";
import type { DatasetSource } from "./build.ts";
import { type Encoder, encodeRows, standardise, widthOf } from "./csv-features.ts";
import { classNames } from "./csv-labels.ts";
import { readTable, type Table } from "./csv-table.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { rowSize } from "./manifest.ts";
import { stratifiedSplit } from "./order.ts";
import { type Rows, selectRows } from "./rows.ts";

export interface CsvOptions {
  readonly name: string;
  readonly licence?: string;
  readonly source?: string;
  /** Label column: a name, or a number from 0 (-1 is the last). Default: one called label, class, target ... */
  readonly label?: string | number;
  /** Share of the rows kept for testing, over 0 and under 1; default 0.2. */
  readonly testShare?: number;
  /** Shape of a row, when all other columns are the pixels of an image: [28,28,1]. */
  readonly shape?: readonly number[];
  /** 32 bytes; default a fixed seed. */
  readonly seed?: Uint8Array;
}

export interface CsvImport {
  readonly dataset: DatasetSource;
  /** Sentences for the owner of the data: columns and rows left out, and why. */
  readonly notes: readonly string[];
}

const MAX_CSV_BYTES = 256 * 1024 * 1024;

/** @throws DatasetError naming line, column or option */
export function importCsv(bytes: Uint8Array | string, options: CsvOptions): CsvImport {
  requireWithin("CSV bytes", bytes.length, MAX_CSV_BYTES, "take fewer rows");
  const text = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
  const table = readTable(text, options.label);
  const notes: string[] = [];
  if (table.unlabelled > 0) notes.push(`${table.unlabelled} rows without a label were left out.`);
  const encoders = chooseColumns(table, options.shape !== undefined, notes);
  const width = encoders.reduce((sum, encoder) => sum + widthOf(encoder), 0);
  const shape = shapeOf(width, options.shape);

  const seed = options.seed ?? taggedHash("poml/csv-split/v1");
  const [testRows, trainRows] = stratifiedSplit(table.labels, options.testShare ?? 0.2, seed);
  const asBytes =
    options.shape !== undefined && encoders.every((encoder) => encoder.profile.isByte);
  const features = encodeRows(text, table, encoders, width);
  const columns = asBytes ? [] : standardise(features, width, trainRows, encoders);
  const all: Rows = {
    rowSize: width,
    features: asBytes ? Uint8Array.from(features) : features,
    labels: table.labels,
  };
  const dataset: DatasetSource = {
    name: options.name,
    licence: options.licence ?? "",
    source: options.source ?? "",
    scale: asBytes ? 1 / 255 : 1,
    shape,
    columns,
    classes: [...table.classes],
    train: selectRows(all, trainRows),
    test: selectRows(all, testRows),
  };
  return { dataset, notes };
}

function chooseColumns(table: Table, keepAll: boolean, notes: string[]): Encoder[] {
  const encoders: Encoder[] = [];
  table.profiles.forEach((profile, column) => {
    if (column === table.layout.labelColumn) return;
    const kind = keepAll ? "numeric" : profile.kind();
    if (typeof kind !== "string") {
      notes.push(`Column ${profile.name} was left out: ${kind.unusable}.`);
      return;
    }
    const values = kind === "category" ? classNames(profile.texts) : [];
    encoders.push({ column, profile, kind, values });
  });
  if (encoders.length > 0) return encoders;
  throw new DatasetError(
    "no column besides the label can be used as a feature",
    { code: "EMPTY", what: "feature columns" },
    { remedy: "give at least one column with different numbers or a few different texts" },
  );
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
