/**
 * Reads CSV text as records (RFC 4180): quoted fields with doubled quotes and line breaks; LF, CRLF or CR. It reads
 * lazily and keeps nothing.
 */
import { DatasetError, requireWithin } from "./errors.ts";
import { MAX_COLUMNS } from "./manifest.ts";

export interface CsvRecord {
  /** Line on which the record starts, from 1. */
  readonly line: number;
  /** Fields without surrounding white space; white space inside quotes stays. */
  readonly fields: readonly string[];
}

export interface RecordStart {
  readonly separator: string;
  /** Where the first record starts, as a position in the text and as a line. */
  readonly position: number;
  readonly line: number;
  /** Whether a record that starts with # is a comment; default: none is. */
  readonly isComment?: (line: string) => boolean;
}

const MAX_FIELD_LENGTH = 100_000;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;

/**
 * Skips blank lines and comments, and reports them to `onSkip`, together with records from whose fields white space was
 * removed.
 * @throws DatasetError OPEN_QUOTE, BAD_QUOTE, TOO_LARGE
 */
export function* records(
  text: string,
  { separator, position: firstPosition, line: startLine, isComment = () => false }: RecordStart,
  onSkip?: (kind: "blank" | "comment" | "spaced", line: number) => void,
): Generator<CsvRecord, void> {
  const mark = separator.charCodeAt(0);
  let position = firstPosition;
  let line = startLine;
  let width = 0;
  while (position < text.length) {
    if (text.charCodeAt(position) === HASH) {
      const end = endOfLine(text, position);
      if (isComment(text.slice(position, end))) {
        onSkip?.("comment", line);
        position = afterBreak(text, end);
        line++;
        continue;
      }
    }
    const first = line;
    const fields = new Array<string>(width);
    let count = 0;
    let isSpaced = false;
    for (;;) {
      const start = position;
      let from = start;
      while (isSpace(text.charCodeAt(from), mark)) from++;
      if (text.charCodeAt(from) === QUOTE) {
        const field = readQuoted(text, from + 1, mark, line);
        fields[count++] = field.value;
        line += field.breaks;
        position = field.end;
      } else {
        position = endOfField(text, from, mark);
        requireFieldWithin(position - from, line);
        const value = text.slice(from, position);
        const mayTrim =
          from < position &&
          (isBlankCode(text.charCodeAt(position - 1)) || isBlankCode(text.charCodeAt(from)));
        const field = mayTrim ? value.trim() : value;
        isSpaced ||= from > start || field.length < value.length;
        fields[count++] = field;
      }
      if (count > MAX_COLUMNS) refuseWide(first);
      if (text.charCodeAt(position) !== mark) break;
      position++;
    }
    fields.length = count;
    width = count;
    position = afterBreak(text, position);
    line++;
    if (count === 1 && fields[0] === "") {
      onSkip?.("blank", first);
      continue;
    }
    if (isSpaced) onSkip?.("spaced", first);
    yield { line: first, fields };
  }
}

/** The fields of one physical line, or undefined when its quotes do not end on it. */
export function fieldsOfLine(line: string, separator: string): readonly string[] | undefined {
  try {
    return records(line, { separator, position: 0, line: 1 }).next().value?.fields;
  } catch (error) {
    if (error instanceof DatasetError) return undefined;
    throw error;
  }
}

/** Position of the line break (or the end of the text) at or after `from`. */
export function endOfLine(text: string, from: number): number {
  let end = from;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) break;
    end++;
  }
  return end;
}

/** Position after the line break at `end`. */
export function afterBreak(text: string, end: number): number {
  return text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
}

interface Field {
  readonly value: string;
  /** Position of the separator or line break after the field. */
  readonly end: number;
  /** Line breaks inside the field. */
  readonly breaks: number;
}

function readQuoted(text: string, from: number, mark: number, line: number): Field {
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
    requireFieldWithin(value.length + quote - start, line);
    value += text.slice(start, quote);
    if (text[quote + 1] !== '"') {
      const end = endOfField(text, quote + 1, mark);
      const rest = text.slice(quote + 1, end).trim();
      if (rest !== "") refuseRest(rest, line);
      return { value, end, breaks: breaksIn(value) };
    }
    value += '"';
    start = quote + 2;
  }
}

function breaksIn(value: string): number {
  return value.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function refuseRest(rest: string, line: number): never {
  throw new DatasetError(
    `a quoted field that starts on line ${line} goes on behind its closing quote: ${JSON.stringify(rest.slice(0, 40))}`,
    { code: "BAD_QUOTE", line },
    { remedy: 'write a quote inside a quoted field as "", and close every quote on its own field' },
  );
}

function refuseWide(line: number): never {
  throw new DatasetError(
    `line ${line} has more than ${MAX_COLUMNS} columns`,
    { code: "TOO_LARGE", what: "columns", limit: MAX_COLUMNS, actual: MAX_COLUMNS + 1 },
    { remedy: "use fewer columns" },
  );
}

/** The message is built only when it is needed, because this runs for every cell. */
function requireFieldWithin(length: number, line: number): void {
  if (length <= MAX_FIELD_LENGTH) return;
  const what = `characters of a field on line ${line}`;
  requireWithin(what, length, MAX_FIELD_LENGTH, "shorten the field, or close an open quote");
}

/** Position of the separator or line break at or after `from`. */
function endOfField(text: string, from: number, mark: number): number {
  let end = from;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === mark || code === LINE_FEED || code === CARRIAGE_RETURN) break;
    end++;
  }
  return end;
}

/** A tab is white space unless it is the separator. */
function isSpace(code: number, mark: number): boolean {
  return code === SPACE || (code === TAB && mark !== TAB);
}

/** White space that may begin or end a field; text as a whole is trimmed of all of it. */
function isBlankCode(code: number): boolean {
  return code <= SPACE || code >= 0xa0;
}
