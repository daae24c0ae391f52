/** Decides which column of a table is the label, and how the classes are called. */
import { type Names, shown, shownList } from "./csv-names.ts";
import { DatasetError } from "./errors.ts";

/**
 * Names to look for when the owner names no label column; the names of the first set take precedence over those of the
 * second.
 */
const USUAL_NAMES = new Set(["label", "labels", "class", "target"]);
const POSSIBLE_NAMES = new Set(["species", "variety", "category", "outcome", "y"]);
/** If a label has more distinct values than this, they must repeat to count as classes. */
const FEW_CLASSES = 20;
const MIN_ROWS_PER_CLASS = 4;

export interface LabelChoice {
  /** From 0. */
  readonly column: number;
  readonly note?: string;
}

/** Whether a cell of the first line is the name of a label column, so that the line is a header. */
export function isLabelName(cell: string, wanted: string | number | undefined): boolean {
  const name = fold(cell);
  if (typeof wanted === "string" && fold(wanted) === name) return true;
  return USUAL_NAMES.has(name) || POSSIBLE_NAMES.has(name);
}

/**
 * Looks for an exact name first, then for a number, then for a name that differs only in case.
 * @param header the first line as it stands; undefined without a header
 * @param wanted a name, or a number from 0 (as a number or as text; negative numbers count from the end)
 * @throws DatasetError NO_LABELS, UNKNOWN_COLUMN, UNCLEAR, DUPLICATE_COLUMN
 */
export function chooseLabel(
  header: readonly string[] | undefined,
  { names }: Names,
  wanted: string | number | undefined,
): LabelChoice {
  const found = wanted === undefined ? usual(header, names) : asked(header, names, wanted);
  const name = header?.[found.column];
  if (name !== undefined && header?.filter((cell) => cell === name).length !== 1) {
    throw new DatasetError(
      `the header names the label column ${shown(name)} more than once`,
      { code: "DUPLICATE_COLUMN", field: "label", column: name },
      { remedy: "remove the copy: a feature that equals the label makes every model look perfect" },
    );
  }
  return found;
}

function asked(
  header: readonly string[] | undefined,
  names: readonly string[],
  wanted: string | number,
): LabelChoice {
  const text = String(wanted);
  const byName = typeof wanted === "number" ? -1 : names.indexOf(wanted);
  const position = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (byName !== -1) {
    if (position === undefined) return { column: byName };
    return {
      column: byName,
      note: `The label is the column named ${shown(text)}, not column number ${text}.`,
    };
  }
  if (position !== undefined) {
    const column = position < 0 ? names.length + position : position;
    if (column < 0 || column >= names.length) refuseColumn(text, names, header !== undefined);
    return { column, note: `The label is column number ${text}, ${shown(names[column] ?? "")}.` };
  }
  const alike = names.flatMap((name, column) => (fold(name) === fold(text) ? [column] : []));
  const [column] = alike;
  if (column === undefined) return refuseColumn(text, names, header !== undefined);
  if (alike.length > 1)
    refuseChoice(
      text,
      alike.map((each) => names[each] ?? ""),
    );
  return {
    column,
    note: `There is no column ${shown(text)}; the label is ${shown(names[column] ?? "")}.`,
  };
}

function usual(header: readonly string[] | undefined, names: readonly string[]): LabelChoice {
  const among = (known: ReadonlySet<string>): number[] =>
    (header ?? []).flatMap((cell, column) => (known.has(fold(cell)) ? [column] : []));
  const candidates = [among(USUAL_NAMES), among(POSSIBLE_NAMES)].find(({ length }) => length > 0);
  const [column] = candidates ?? [];
  if (column === undefined || candidates === undefined) {
    throw new DatasetError(
      `no column holds the labels; the columns are ${shownList(names)}`,
      { code: "NO_LABELS", columns: names.slice(0, 100) },
      {
        remedy: `name the label column with the option label (a name, or a number from 0; -1 is the last), or call it "label"`,
      },
    );
  }
  const different = new Set(candidates.map((each) => header?.[each]));
  if (different.size > 1)
    refuseChoice(
      undefined,
      candidates.map((each) => names[each] ?? ""),
    );
  return { column, note: `The label is column ${shown(names[column] ?? "")}, found by its name.` };
}

/** Distinct labels in numeric order when all are numbers, else in code-unit order. */
export function classNames(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  const numeric = distinct.every((label) => Number.isFinite(Number(label)));
  return distinct.sort((a, b) => (numeric && Number(a) - Number(b)) || (a < b ? -1 : 1));
}

/** @throws DatasetError NOT_CLASSES for measurements where classes are expected */
export function requireClasses(column: string, distinct: number, rows: number): void {
  if (distinct <= Math.max(FEW_CLASSES, rows / MIN_ROWS_PER_CLASS)) return;
  throw new DatasetError(
    `label column ${shown(column)} has ${distinct} different values in ${rows} rows: these are not classes`,
    { code: "NOT_CLASSES", column, distinct, rows },
    { remedy: "name another label column, or group the values into classes first" },
  );
}

function fold(name: string): string {
  return name.normalize("NFC").trim().toLowerCase();
}

function refuseChoice(wanted: string | undefined, choices: readonly string[]): never {
  const what = wanted === undefined ? "" : `${shown(wanted)}: `;
  throw new DatasetError(
    `${what}more than one column can be the label: ${shownList(choices)}`,
    { code: "UNCLEAR", field: "label", choices: choices.slice(0, 20) },
    { remedy: "name the label column exactly, or give its number from 0 (-1 is the last)" },
  );
}

function refuseColumn(column: string, columns: readonly string[], hasHeader: boolean): never {
  const why = hasHeader ? "" : " (the first line was read as data, not as a header)";
  const header = hasHeader ? "" : "; if the first line names the columns, state header yes";
  throw new DatasetError(
    `there is no column ${shown(column)}; the columns are ${shownList(columns)}${why}`,
    { code: "UNKNOWN_COLUMN", column: column.slice(0, 100), columns: columns.slice(0, 100) },
    {
      remedy: `name one of the columns, or its number from 0 to ${columns.length - 1} (-1 is the last)${header}`,
    },
  );
}
