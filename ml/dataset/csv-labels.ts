/** Which column of a table is the label, whether the first line is a header, and the class names. */

import { isMissing } from "./csv-columns.ts";
import type { CsvRecord } from "./csv-records.ts";
import { DatasetError } from "./errors.ts";

/** Tried in this order when no label column is named. */
const LABEL_NAMES = [
  "label",
  "labels",
  "class",
  "target",
  "species",
  "variety",
  "category",
  "outcome",
  "y",
];
/** A label with more distinct values than this must repeat them to count as classes. */
const FEW_CLASSES = 20;
const MIN_ROWS_PER_CLASS = 4;

export interface Layout {
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  readonly labelColumn: number;
}

/**
 * @param label name of the column, or its number from 0 (negative counts from the end)
 * @throws DatasetError NO_LABELS, UNKNOWN_COLUMN
 */
export function layoutOf(
  first: CsvRecord,
  second: CsvRecord | undefined,
  label?: string | number,
): Layout {
  const cells = first.fields.map((cell) => cell.toLowerCase());
  const wanted = typeof label === "string" ? [label.toLowerCase()] : LABEL_NAMES;
  const named = wanted.map((name) => cells.indexOf(name)).find((column) => column !== -1);
  const hasHeader = named !== undefined || looksLikeHeader(first, second);
  const names = first.fields.map((cell, i) => (hasHeader ? cell : `column${i}`));
  if (typeof label === "number") {
    const labelColumn = label < 0 ? names.length + label : label;
    if (!Number.isInteger(labelColumn) || labelColumn < 0 || labelColumn >= names.length) {
      refuseColumn(String(label), names);
    }
    return { names, hasHeader, labelColumn };
  }
  if (named !== undefined) return { names, hasHeader, labelColumn: named };
  if (label !== undefined) refuseColumn(label, names);
  throw new DatasetError(
    `no column holds the labels; the columns are ${names.join(", ")}`,
    { code: "NO_LABELS", columns: names },
    {
      remedy: `name the label column with the option label (a name, or a number from 0; -1 is the last), or call it "label"`,
    },
  );
}

/** Distinct labels in numeric order when all are numbers, else in code-unit order. */
export function classNames(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  const numeric = distinct.every((label) => Number.isFinite(Number(label)));
  return distinct.sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}

/** @throws DatasetError NOT_CLASSES for measurements where classes are expected */
export function requireClasses(column: string, distinct: number, rows: number): void {
  if (distinct <= Math.max(FEW_CLASSES, rows / MIN_ROWS_PER_CLASS)) return;
  throw new DatasetError(
    `label column ${column} has ${distinct} different values in ${rows} rows: these are not classes`,
    { code: "NOT_CLASSES", column, distinct, rows },
    { remedy: "name another label column, or group the values into classes first" },
  );
}

/** Texts over numbers, or texts that do not come back in the next line. */
function looksLikeHeader(first: CsvRecord, second: CsvRecord | undefined): boolean {
  const isNumber = (cell: string): boolean => !isMissing(cell) && Number.isFinite(Number(cell));
  return !first.fields.some(isNumber) && (second?.fields.some(isNumber) ?? false);
}

function refuseColumn(column: string, columns: readonly string[]): never {
  throw new DatasetError(
    `there is no column ${column}; the columns are ${columns.join(", ")}`,
    { code: "UNKNOWN_COLUMN", column, columns },
    { remedy: "name one of the columns, or its number from 0" },
  );
}
