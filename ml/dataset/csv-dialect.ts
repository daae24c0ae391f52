/**
 * Detects how a CSV file is written: its separator, where its first record starts, and which lines are no records
 * (blank lines, comments, Excel's `sep=` line). It chooses the separator under which the first records agree best on
 * their number of fields.
 */
import { formOf, isNumeric } from "./csv-numbers.ts";
import {
  afterBreak,
  type CsvRecord,
  endOfLine,
  fieldsOfLine,
  type RecordStart,
  records,
} from "./csv-records.ts";
import { DatasetError } from "./errors.ts";

export interface Dialect extends RecordStart {
  /** Fields of most records. */
  readonly width: number;
  /** True when the file states its separator in a `sep=` line. */
  readonly stated: boolean;
}

export const SEPARATOR_NAMES: Readonly<Record<string, string>> = {
  ",": "a comma",
  ";": "a semicolon",
  "\t": "a tab",
  "|": "a vertical bar",
};
const OPTION_NAMES: Readonly<Record<string, string>> = {
  comma: ",",
  semicolon: ";",
  tab: "\t",
  pipe: "|",
};
const SEPARATORS = Object.keys(SEPARATOR_NAMES);
/**
 * The sample of records for which each separator is tried: at least a few records, and at most so many records and
 * fields.
 */
const FEW_RECORDS = 5;
const SAMPLE_RECORDS = 200;
const SAMPLE_FIELDS = 100_000;
/** Penalty for a separator when the first record does not agree with the others. */
const ODD_FIRST_RECORD = 0.3;
/** If the second-best separator is this close, the choice would be a guess. */
const CLEAR_LEAD = 0.05;

/**
 * @param wanted a separator, or one of comma, semicolon, tab, pipe; default: detected
 * @throws DatasetError EMPTY, BAD_OPTION, ONE_COLUMN, UNCLEAR
 */
export function dialectOf(text: string, wanted?: string): Dialect {
  const { separator: stated, position, line } = skipPreamble(text);
  if (position >= text.length) refuseEmpty();
  const wish = wanted ?? stated;
  const separator = wish === undefined ? undefined : separatorOf(wish);
  const ratings = (separator === undefined ? SEPARATORS : [separator]).map((each) =>
    ratingOf(text, { separator: each, position, line }),
  );
  const [best, second] = ratings
    .filter((rating) => rating.width > 1)
    .sort((a, b) => b.score - a.score || b.width - a.width);
  if (best === undefined) {
    const failure = ratings.find((rating) => rating.failure !== undefined)?.failure;
    if (failure !== undefined) throw failure;
    return refuseOneColumn(text.slice(position, endOfLine(text, position)), separator);
  }
  if (second !== undefined && best.score - second.score < CLEAR_LEAD) {
    refuseUnclear(best.separator, second.separator);
  }
  return {
    separator: best.separator,
    width: best.width,
    position,
    line,
    stated: stated !== undefined,
    isComment: (each) => fieldsOfLine(each, best.separator)?.length !== best.width,
  };
}

/** The option as a separator. @throws DatasetError BAD_OPTION */
function separatorOf(option: string): string {
  const separator = Object.hasOwn(OPTION_NAMES, option) ? (OPTION_NAMES[option] ?? option) : option;
  // One UTF-16 unit: the text is cut at single units, and the manifest stores one.
  if (/^[^\p{L}\p{N}\p{Cs}"'\s.+#-]$|^\t$/u.test(separator) && separator.length === 1) {
    return separator;
  }
  throw new DatasetError(
    `separator ${JSON.stringify(option.slice(0, 20))} cannot separate fields`,
    { code: "BAD_OPTION", field: "separator", value: option.slice(0, 20) },
    { remedy: "use comma, semicolon, tab or pipe, or one character that is no letter or digit" },
  );
}

interface Preamble {
  readonly separator?: string;
  readonly position: number;
  readonly line: number;
}

/** Skips blank lines and one `sep=` line. */
function skipPreamble(text: string): Preamble {
  let position = 0;
  let line = 1;
  let separator: string | undefined;
  while (position < text.length) {
    const end = endOfLine(text, position);
    const content = end - position > 100 ? "-" : text.slice(position, end).trim();
    const match = separator === undefined ? /^"?sep=(\\t|.)?"?$/i.exec(content) : null;
    if (content !== "" && match === null) break;
    if (match !== null) separator = match[1] === undefined || match[1] === "\\t" ? "\t" : match[1];
    position = afterBreak(text, end);
    line++;
  }
  return separator === undefined ? { position, line } : { separator, position, line };
}

interface Rating {
  readonly separator: string;
  /** Fields of most records. */
  readonly width: number;
  readonly score: number;
  /** Why the sample ended early. */
  readonly failure?: DatasetError | undefined;
}

function ratingOf(text: string, start: RecordStart): Rating {
  const { separator } = start;
  const { found, failure } = sampleRecords(text, start);
  const counts = new Map<number, number>();
  for (const { fields } of found) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1);
  const [width, agreeing] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
  // A field that contains another separator counts against this one, unless it is a number or prose.
  const isStrange = (cell: string): boolean =>
    SEPARATORS.some(
      (other) => other !== separator && cell.replaceAll(`${other} `, "").includes(other),
    ) && !isNumeric(formOf(cell));
  const fields = found.flatMap((record) => record.fields);
  const strange = fields.filter(isStrange).length / Math.max(fields.length, 1);
  const first = found[0]?.fields.length === width ? 0 : ODD_FIRST_RECORD;
  const score = agreeing / Math.max(found.length, 1) - strange - first;
  return { separator, width, score, failure };
}

function sampleRecords(
  text: string,
  start: RecordStart,
): { readonly found: readonly CsvRecord[]; readonly failure?: DatasetError } {
  const found: CsvRecord[] = [];
  let fields = 0;
  try {
    for (const record of records(text, { ...start, isComment: () => true })) {
      found.push(record);
      fields += record.fields.length;
      if (found.length === SAMPLE_RECORDS) break;
      if (fields > SAMPLE_FIELDS && found.length >= FEW_RECORDS) break;
    }
  } catch (error) {
    // The reading of the whole file reports the error; the records before it are enough for the choice.
    if (!(error instanceof DatasetError)) throw error;
    return { found, failure: error };
  }
  return { found };
}

function refuseOneColumn(line: string, separator: string | undefined): never {
  const what = separator === undefined ? "comma, semicolon, tab or |" : JSON.stringify(separator);
  const bySpaces = /\S\s+\S/.test(line) ? " It seems to separate its columns by spaces." : "";
  throw new DatasetError(
    `the file has one column only: no ${what} separates fields in its first lines.${bySpaces}`,
    { code: "ONE_COLUMN", field: "separator" },
    { remedy: "separate the columns by commas, or state the separator with the option separator" },
  );
}

function refuseUnclear(first: string, second: string): never {
  const [one, other] = [first, second].map((each) => SEPARATOR_NAMES[each] ?? each);
  throw new DatasetError(
    `the file can be read with ${one} or with ${other} as its separator`,
    { code: "UNCLEAR", field: "separator", choices: [first, second] },
    { remedy: "state it with the option separator: comma, semicolon, tab or pipe" },
  );
}

export function refuseEmpty(): never {
  throw new DatasetError(
    "the CSV file holds no rows with a label",
    { code: "EMPTY", what: "rows" },
    { remedy: "give one row per line, with a class in the label column" },
  );
}
