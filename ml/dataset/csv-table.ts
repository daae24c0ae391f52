/** The result of reading a CSV text once: its layout, what each column holds, and the label of every row. */
import { ColumnProfile } from "./csv-columns.ts";
import { type Dialect, dialectOf, refuseEmpty } from "./csv-dialect.ts";
import { type HeaderOption, hasHeader } from "./csv-header.ts";
import {
  chooseLabel,
  classNames,
  isLabelName,
  type LabelChoice,
  requireClasses,
} from "./csv-labels.ts";
import {
  lengthOf,
  type Names,
  namesOfHeader,
  numberedNames,
  refuseLong,
  shown,
} from "./csv-names.ts";
import { formOf, isMissing, isNumeric } from "./csv-numbers.ts";
import { type CsvRecord, records } from "./csv-records.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_ROWS, MAX_TEXT_LENGTH } from "./manifest.ts";

export interface TableOptions {
  /**
   * Label column: a name, or a number from 0 (-1 is the last), as a number or as text.
   * Default: one called label, class, target ...
   */
  readonly label?: string | number | undefined;
  /** Whether the first line names the columns; default `auto`, which refuses what is not clear. */
  readonly header?: HeaderOption | undefined;
  /** comma, semicolon, tab, pipe, or the character itself; default: detected. */
  readonly separator?: string | undefined;
}

/** Lines that were skipped: how many, and the first few. */
export class Lines {
  count = 0;
  readonly first: number[] = [];

  add(line: number): void {
    this.count++;
    if (this.first.length < 5) this.first.push(line);
  }
}

export interface Table {
  readonly text: string;
  readonly dialect: Dialect;
  /** The cells of the header, if there is one. */
  readonly header: readonly string[] | undefined;
  readonly names: Names;
  readonly label: LabelChoice;
  readonly profiles: readonly ColumnProfile[];
  readonly classes: readonly string[];
  /** Class of every row that has one, in order. */
  readonly labels: Uint16Array;
  readonly skipped: Readonly<Record<"blank" | "comment" | "spaced", Lines>>;
  /** Rows that were left out because they have no label. */
  readonly unlabelled: Lines;
  /** Words such as "NA" that count as no label, because all other labels are numbers. */
  readonly missingLabels: ReadonlySet<string>;
}

/** Rows, and cells of them, that are used to detect a header. */
const SAMPLE_ROWS = 1000;
const SAMPLE_CELLS = 200_000;
/** More different labels than this cannot be classes, however many rows there are. */
const MAX_DISTINCT_LABELS = 65_535;

/**
 * @throws DatasetError EMPTY, UNCLEAR, NO_LABELS, UNKNOWN_COLUMN, DUPLICATE_COLUMN, NOT_CLASSES,
 *   RAGGED_ROW, TOO_LONG, and as dialectOf and records
 */
export function readTable(text: string, options: TableOptions): Table {
  const dialect = dialectOf(text, options.separator);
  const [first, ...rest] = sampleOf(text, dialect);
  if (first === undefined) return refuseEmpty();
  const isHeader = headerOf(first, rest, options);
  if (isHeader && rest.length === 0) refuseEmpty();
  const header = isHeader ? first.fields : undefined;
  const names = isHeader
    ? namesOfHeader(first.line, first.fields)
    : { names: numberedNames(first.fields.length), notes: [] };
  const label = chooseLabel(header, names, options.label);
  const source = { text, dialect, header, names, label };
  const reading = profile(source, new Set());
  // Known only at the end: in a column of numbers such a word means that the label is missing.
  const missingLabels = new Set(reading.distinct.filter(isMissing));
  const others = reading.distinct.filter((each) => !missingLabels.has(each));
  const isNumbers = others.length > 0 && others.every((each) => isNumeric(formOf(each)));
  if (missingLabels.size === 0 || !isNumbers) return finished(source, reading, new Set());
  return finished(source, profile(source, missingLabels), missingLabels);
}

/** Reads the rows with a label again. */
export function* dataRows(table: Table): Generator<CsvRecord, void> {
  const { label, missingLabels } = table;
  for (const record of dataRecords(table)) {
    const own = record.fields[label.column] ?? "";
    if (own !== "" && !missingLabels.has(own)) yield record;
  }
}

type Source = Pick<Table, "text" | "dialect" | "header" | "names" | "label">;

interface Reading extends Pick<Table, "profiles" | "skipped" | "unlabelled"> {
  /** Labels in the order of their first appearance, and for every row the position of its label. */
  readonly distinct: readonly string[];
  readonly positions: Uint16Array;
}

function profile(source: Source, missingLabels: ReadonlySet<string>): Reading {
  const { names, label } = source;
  const profiles = names.names.map((name) => new ColumnProfile(name));
  const skipped = { blank: new Lines(), comment: new Lines(), spaced: new Lines() };
  const unlabelled = new Lines();
  const known = new Map<string, number>();
  let positions = new Uint16Array(1024);
  let rows = 0;
  for (const { line, fields } of dataRecords(source, (kind, at) => skipped[kind].add(at))) {
    const own = fields[label.column] ?? "";
    if (own === "" || missingLabels.has(own)) {
      unlabelled.add(line);
      continue;
    }
    for (let column = 0; column < fields.length; column++) {
      if (column !== label.column) profiles[column]?.note(fields[column] ?? "", line, own);
    }
    let position = known.get(own);
    if (position === undefined) {
      position = known.size;
      known.set(own, position);
    }
    if (rows === positions.length) positions = grown(positions);
    positions[rows++] = position;
    requireWithin("rows", rows, MAX_ROWS, "take fewer rows");
    if (known.size > MAX_DISTINCT_LABELS) break;
  }
  if (rows === 0) refuseEmpty();
  requireClasses(names.names[label.column] ?? "", known.size, rows);
  return {
    profiles,
    skipped,
    unlabelled,
    distinct: [...known.keys()],
    positions: positions.slice(0, rows),
  };
}

function finished(source: Source, reading: Reading, missingLabels: ReadonlySet<string>): Table {
  const { distinct, positions, ...rest } = reading;
  const classes = classNames(distinct);
  for (const name of classes) {
    if (lengthOf(name) <= MAX_TEXT_LENGTH) continue;
    const column = source.names.names[source.label.column] ?? "";
    refuseLong(`a class name in label column ${shown(column)}`, name, "class name", column);
  }
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const indexes = distinct.map((name) => indexOf.get(name) ?? 0);
  const labels = positions.map((position) => indexes[position] ?? 0);
  return { ...source, ...rest, classes, labels, missingLabels };
}

/** The records below the header, all of the same number of fields. */
function* dataRecords(
  { text, dialect, header }: Pick<Table, "text" | "dialect" | "header">,
  onSkip?: (kind: "blank" | "comment" | "spaced", line: number) => void,
): Generator<CsvRecord, void> {
  let skip = header !== undefined;
  for (const record of records(text, dialect, onSkip)) {
    if (record.fields.length !== dialect.width) refuseRagged(record, dialect, skip);
    if (!skip) yield record;
    skip = false;
  }
}

function sampleOf(text: string, dialect: Dialect): CsvRecord[] {
  const sample: CsvRecord[] = [];
  for (const record of records(text, dialect)) {
    if (record.fields.length !== dialect.width) refuseRagged(record, dialect, sample.length === 0);
    sample.push(record);
    if (sample.length > SAMPLE_ROWS || sample.length * dialect.width > SAMPLE_CELLS) break;
  }
  return sample;
}

function headerOf(
  first: CsvRecord,
  rest: readonly CsvRecord[],
  { header = "auto", label }: TableOptions,
): boolean {
  if (header !== "auto") return header === "yes";
  if (rest.length === 0) refuseEmpty();
  return hasHeader(first, rest, (cell) => isLabelName(cell, label));
}

function refuseRagged({ line, fields }: CsvRecord, dialect: Dialect, isFirst: boolean): never {
  const actual = fields.length;
  const hints = [
    isFirst && actual === dialect.width - 1
      ? "the first line has one field fewer than the others: name a column of row names, remove separators at the ends of lines, or write decimal points"
      : undefined,
    actual === 1 ? "remove titles and footers; a comment starts with #" : undefined,
    actual > 1 && dialect.separator === ","
      ? "where numbers have decimal commas, separate the fields by semicolons"
      : undefined,
  ].filter((hint) => hint !== undefined);
  throw new DatasetError(
    `line ${line} has ${actual} fields, most lines have ${dialect.width}`,
    { code: "RAGGED_ROW", line, expected: dialect.width, actual },
    {
      remedy: [
        "give every line the same number of fields; quote fields that hold separators",
        ...hints,
      ].join("; "),
    },
  );
}

function grown(values: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(2 * values.length);
  larger.set(values);
  return larger;
}
