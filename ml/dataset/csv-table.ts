/** One reading of a CSV text: its layout, what each column holds, and the label of every row. */
import { ColumnProfile } from "./csv-columns.ts";
import { classNames, type Layout, layoutOf, requireClasses } from "./csv-labels.ts";
import { type CsvRecord, csvRecords } from "./csv-records.ts";
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_ROWS } from "./manifest.ts";

export interface Table {
  readonly layout: Layout;
  readonly profiles: readonly ColumnProfile[];
  readonly classes: readonly string[];
  readonly labels: Uint16Array;
  readonly unlabelled: number;
}

/** Rows below the header; the label is undefined where the cell is empty. */
export function* dataRecords(
  text: string,
  layout: Layout,
): Generator<CsvRecord & { readonly label: string | undefined }> {
  let skip = layout.hasHeader;
  for (const record of csvRecords(text)) {
    if (!skip) yield { ...record, label: record.fields[layout.labelColumn] || undefined };
    skip = false;
  }
}

/**
 * @param wanted the label column, as in CsvOptions
 * @throws DatasetError EMPTY, NO_LABELS, UNKNOWN_COLUMN, NOT_CLASSES, and as csvRecords
 */
export function readTable(text: string, wanted: string | number | undefined): Table {
  const records = csvRecords(text);
  const first = records.next().value;
  const second = records.next().value;
  if (first === undefined) return refuseEmpty();
  const layout = layoutOf(first, second ?? undefined, wanted);
  const profiles = layout.names.map((name) => new ColumnProfile(name));
  const texts: string[] = [];
  let unlabelled = 0;
  for (const { line, fields, label } of dataRecords(text, layout)) {
    if (label === undefined) {
      unlabelled++;
      continue;
    }
    fields.forEach((cell, column) => {
      profiles[column]?.note(cell, line);
    });
    texts.push(label);
    requireWithin("rows", texts.length, MAX_ROWS, "take fewer rows");
  }
  if (texts.length === 0) refuseEmpty();
  const classes = classNames(texts);
  requireClasses(layout.names[layout.labelColumn] ?? "", classes.length, texts.length);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const labels = Uint16Array.from(texts, (name) => indexOf.get(name) ?? 0);
  return { layout, profiles, classes, labels, unlabelled };
}

function refuseEmpty(): never {
  throw new DatasetError(
    "the CSV file holds no rows with a label",
    { code: "EMPTY", what: "rows" },
    { remedy: "give one row per line, with a class in the label column" },
  );
}
