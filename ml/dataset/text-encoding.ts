/**
 * Decodes the bytes of a table to text. Invalid UTF-8 is an error: one byte that is read wrong can split a class in two
 * without being noticed.
 */
import { DatasetError } from "./errors.ts";

export interface DecodedText {
  /** Without a byte order mark. */
  readonly text: string;
  readonly notes: readonly string[];
}

/** Other formats that are often mistaken for CSV, by their first bytes. */
const OTHER_FORMATS: readonly (readonly [start: string, what: string])[] = [
  ["PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)"],
  ["\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"],
  ["PAR1", "a Parquet file"],
  ["ARROW1", "an Arrow file"],
  ["%PDF", "a PDF document"],
  ["\x89HDF", "an HDF5 file"],
  ["SQLite format 3", "an SQLite database"],
  ["\x93NUMPY", "a NumPy array"],
  ["BZh", "a bzip2 archive"],
  ["\x1f\x8b", "a gzip archive, packed twice"],
  ["\x28\xb5\x2f\xfd", "a zstd archive"],
  ["\xfd7zXZ", "an xz archive"],
  ["\x89PNG", "a PNG image"],
];
const UTF_8_MARK = "\xef\xbb\xbf";
const LINE_FEED = 0x0a;

/**
 * @param encoding a name of the Encoding Standard ("windows-1252"); default UTF-8, or UTF-16 where a
 *   byte order mark says so
 * @throws DatasetError NOT_TEXT, NOT_UTF8, BAD_OPTION
 */
export function decodeText(bytes: Uint8Array, encoding?: string): DecodedText {
  refuseOtherFormats(bytes);
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) return decodeAs(bytes, encoding);
  const marked = markedEncoding(bytes);
  if (marked !== undefined && encoding === undefined) return decodeAs(bytes, marked);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    refuseBytes(bytes, cause);
  }
  refuseNul(text, bytes);
  return { text: withoutMarks(text), notes: lostCharacters(text) };
}

function decodeAs(bytes: Uint8Array, encoding: string): DecodedText {
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new DatasetError(
        `encoding ${JSON.stringify(encoding.slice(0, 40))} is not known`,
        { code: "BAD_OPTION", field: "encoding", value: encoding.slice(0, 40) },
        { remedy: "use utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-2, for example", cause },
      );
    }
    throw new DatasetError(
      `the file is not ${encoding}`,
      { code: "NOT_UTF8", field: "encoding", line: 0, likely: "another encoding" },
      { remedy: "state the encoding the file has, or save it as UTF-8", cause },
    );
  }
  refuseNul(text, bytes);
  const notes = [`The file was read as ${encoding}.`, ...doubtOn(encoding, bytes)];
  return { text: withoutMarks(text), notes: [...notes, ...lostCharacters(text)] };
}

/** Removes all byte order marks: programs that append to a file, or convert it twice, leave several. */
export function withoutMarks(text: string): string {
  return text.replace(/^\ufeff+/, "");
}

/** Text in another encoding is almost never valid UTF-8 by chance. */
function doubtOn(encoding: string, bytes: Uint8Array): string[] {
  if (/^utf-?16/i.test(encoding) || !bytes.some((byte) => byte >= 0x80)) return [];
  if (firstInvalid(bytes) < bytes.length) return [];
  return [
    `WARNING: the file is also valid UTF-8, so it probably is UTF-8; read as ${encoding}, its letters beyond ASCII have become other letters.`,
  ];
}

function refuseOtherFormats(bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const text = start.startsWith(UTF_8_MARK) ? start.slice(UTF_8_MARK.length) : start;
  const found =
    OTHER_FORMATS.find(([magic]) => start.startsWith(magic))?.[1] ??
    (/^\s*(<\?xml|<!doctype|<html)/i.test(text) ? "an HTML or XML document" : undefined) ??
    (/^\s*(\{\s*"|\[\s*[{[])/.test(text) ? "a JSON document" : undefined) ??
    (/^\s*@relation\b/i.test(text) ? "an ARFF file" : undefined);
  if (found === undefined) return;
  throw new DatasetError(
    `the file looks like ${found}, not like CSV text`,
    { code: "NOT_TEXT", what: found },
    { remedy: "export the table as CSV (UTF-8), one row per line" },
  );
}

function markedEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe && third === 0 && fourth === 0) {
    throw notUtf8(1, "UTF-32 (it starts with the byte order mark of UTF-32)");
  }
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/** @throws DatasetError NOT_UTF8, naming the line and the probable encoding of the file */
function refuseBytes(bytes: Uint8Array, cause: unknown): never {
  const at = firstInvalid(bytes);
  const line = lineOf(bytes, at);
  const wide = wideEncoding(bytes);
  if (wide !== undefined) throw notUtf8(line, wide, cause);
  if (isCutCharacter(bytes.subarray(at, at + 4)) && at + 4 > bytes.length) {
    throw notUtf8(line, "UTF-8 that was cut off in the middle of its last character", cause);
  }
  const single = bytes.some((byte) => byte >= 0x80 && byte <= 0x9f)
    ? "Windows-1252"
    : "Latin-1 (ISO-8859-1) or Windows-1252";
  throw notUtf8(line, hasValidMultibyte(bytes) ? `UTF-8 mixed with ${single}` : single, cause);
}

function notUtf8(line: number, likely: string, cause?: unknown): DatasetError {
  const wide = /UTF-16(LE|BE)/.exec(likely)?.[1]?.toLowerCase();
  const option = likely.includes("mixed")
    ? ""
    : wide !== undefined
      ? `, or import it with encoding utf-16${wide}`
      : likely.includes("1252")
        ? ", or import it with encoding windows-1252 if that is what it is"
        : "";
  return new DatasetError(
    `line ${line} is not UTF-8; the file is likely ${likely}`,
    { code: "NOT_UTF8", field: "encoding", line, likely },
    { remedy: `save the file as UTF-8${option}`, cause },
  );
}

/** ASCII text in UTF-16 is valid UTF-8 with a NUL beside every character. */
function refuseNul(text: string, bytes: Uint8Array): void {
  const at = text.indexOf("\0");
  if (at === -1) return;
  const line = text.slice(0, at).split("\n").length;
  const wide = wideEncoding(bytes);
  if (wide !== undefined) throw notUtf8(line, wide);
  throw new DatasetError(
    `line ${line} holds a NUL character: the file is damaged or binary`,
    { code: "NOT_TEXT", what: "a binary or damaged file" },
    { remedy: "export the table as CSV (UTF-8) again" },
  );
}

/** Detects UTF-16 without a byte order mark, by the side on which the zero bytes are. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) < sample.length / 5) return undefined;
  return odd > even ? "UTF-16LE (little-endian)" : "UTF-16BE (big-endian)";
}

/** Offset of the first byte that is not valid UTF-8; the length if there is none. */
function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** Length of the UTF-8 sequence at `at`; 0 if there is none (RFC 3629, section 4). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let next = at + 2; next < at + length; next++) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function isCutCharacter(rest: Uint8Array): boolean {
  const [lead = 0, ...others] = rest;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const isLead = lead >= 0xc2 && lead <= 0xf4;
  return isLead && rest.length < length && others.every((byte) => (byte & 0xc0) === 0x80);
}

function hasValidMultibyte(bytes: Uint8Array): boolean {
  return bytes.some((byte, at) => byte >= 0xc2 && sequenceLength(bytes, at) > 1);
}

function lineOf(bytes: Uint8Array, end: number): number {
  let line = 1;
  for (let at = 0; at < end; at++) if (bytes[at] === LINE_FEED) line++;
  return line;
}

function lostCharacters(text: string): string[] {
  const at = text.indexOf("\ufffd");
  if (at === -1) return [];
  const line = text.slice(0, at).split("\n").length;
  return [
    `Line ${line} holds the character U+FFFD, which replaces a character that an earlier conversion lost; different texts may have become equal.`,
  ];
}
