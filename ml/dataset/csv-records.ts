/**
 * CSV text to records (RFC 4180): quoted fields with doubled quotes and line breaks, LF or CRLF,
 * comma, semicolon or tab. Reads lazily and keeps nothing.
 */
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_COLUMNS } from "./manifest.ts";

export interface CsvRecord {
  /** 1-based line on which the record starts. */
  readonly line: number;
  /** Fields without surrounding white space; white space inside quotes stays. */
  readonly fields: readonly string[];
}

const SEPARATORS = [",", ";", "\t"] as const;
const MAX_FIELD_LENGTH = 100_000;

/**
 * Empty lines are skipped.
 * @throws DatasetError RAGGED_ROW, OPEN_QUOTE, TOO_LARGE
 */
export function* csvRecords(text: string): Generator<CsvRecord, void> {
  const separator = separatorOf(text);
  let position = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  let width: number | undefined;
  while (position < text.length) {
    const start = line;
    const fields: string[] = [];
    let ended = false;
    while (!ended) {
      const field = readField(text, position, separator, line);
      fields.push(field.value);
      requireWithin("columns", fields.length, MAX_COLUMNS, "use fewer columns");
      line += field.breaks;
      position = field.end;
      ended = text[position] !== separator;
      if (!ended) position++;
    }
    if (text[position] === "\r" && text[position + 1] === "\n") position++;
    if (position < text.length) line++;
    position++;
    if (fields.length === 1 && fields[0] === "") continue;
    width ??= fields.length;
    if (fields.length !== width) {
      throw new DatasetError(
        `line ${start} has ${fields.length} fields, the first line has ${width}`,
        { code: "RAGGED_ROW", line: start, expected: width, actual: fields.length },
        { remedy: "give every line the same number of fields; quote fields that hold separators" },
      );
    }
    yield { line: start, fields };
  }
}

interface Field {
  readonly value: string;
  /** Position of the separator or line break behind the field. */
  readonly end: number;
  /** Line breaks inside the field. */
  readonly breaks: number;
}

function readField(text: string, from: number, separator: string, line: number): Field {
  let start = from;
  while (text[start] === " ") start++;
  if (text[start] === '"') return readQuoted(text, start + 1, separator, line);
  let end = start;
  while (end < text.length && !endsField(text, end, separator)) end++;
  requireFieldWithin(end - start, line);
  return { value: text.slice(start, end).trim(), end, breaks: 0 };
}

function readQuoted(text: string, from: number, separator: string, line: number): Field {
  let value = "";
  let start = from;
  for (;;) {
    const quote = text.indexOf('"', start);
    if (quote === -1) {
      throw new DatasetError(
        `the quote opened on line ${line} is never closed`,
        { code: "OPEN_QUOTE", line },
        { remedy: 'close the quote; write a quote inside a quoted field as ""' },
      );
    }
    value += text.slice(start, quote);
    requireFieldWithin(value.length, line);
    if (text[quote + 1] !== '"') {
      let end = quote + 1;
      while (end < text.length && !endsField(text, end, separator)) end++;
      return { value, end, breaks: value.split("\n").length - 1 };
    }
    value += '"';
    start = quote + 2;
  }
}

/** The message is made only when it is needed: this runs for every cell. */
function requireFieldWithin(length: number, line: number): void {
  if (length <= MAX_FIELD_LENGTH) return;
  const what = `characters of a field on line ${line}`;
  requireWithin(what, length, MAX_FIELD_LENGTH, "shorten the field, or close an open quote");
}

function endsField(text: string, at: number, separator: string): boolean {
  const character = text[at];
  return character === separator || character === "\n" || character === "\r";
}

/** The candidate that occurs most often in the first line, outside quotes. */
function separatorOf(text: string): string {
  const [first = ""] = text.slice(0, MAX_FIELD_LENGTH).split(/[\r\n]/, 1);
  const bare = first.replace(/"[^"]*"/g, "");
  const counts = SEPARATORS.map((separator) => bare.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ",";
}
