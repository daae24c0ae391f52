/** The names of a table's columns: how they are shown, and how they are looked up. */
import { formOf, numberOf } from "./csv-numbers.ts";
import { DatasetError } from "./errors.ts";
import { MAX_TEXT_LENGTH } from "./manifest.ts";

const SHOWN_LENGTH = 60;
const SHOWN_NAMES = 20;
const INVISIBLE = /(?!\s)[\p{Cf}\p{Cc}]/gu;
const PLAIN_FORMS = new Set(["whole", "point", "point-or-group", "comma", "comma-or-group"]);
const RENAMED_TOLD = 10;

export interface Names {
  /** One for each column, all different. */
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** `column-1`, `column-2` ... for a table without a header. */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `column-${i + 1}`);
}

/**
 * Names from a header: an empty name becomes a number, a repeated one gets a suffix.
 * @throws DatasetError TOO_LONG
 */
export function namesOfHeader(line: number, header: readonly string[]): Names {
  const renamed: string[] = [];
  const taken = new Set(header);
  const seen = new Set<string>();
  const names = header.map((cell, i) => {
    if (lengthOf(cell) > MAX_TEXT_LENGTH) {
      refuseLong(`the header of column ${i + 1} on line ${line}`, cell, "column", `${i + 1}`);
    }
    if (cell !== "" && !seen.has(cell)) {
      seen.add(cell);
      return cell;
    }
    const base = cell === "" ? `column-${i + 1}` : cell;
    let name = cell === "" ? base : `${base} (2)`;
    for (let n = 3; seen.has(name) || taken.has(name); n++) name = `${base} (${n})`;
    seen.add(name);
    if (cell === "") {
      renamed.push(`The header has no name for column ${i + 1}; it is called ${shown(name)} here.`);
    } else {
      renamed.push(
        `The header names ${shown(cell)} again in column ${i + 1}; it is called ${shown(name)} here.`,
      );
    }
    return name;
  });
  const rest = renamed.length - RENAMED_TOLD;
  if (rest <= 0) return { names, notes: renamed };
  const more = `The same holds for ${rest} more columns.`;
  return { names, notes: [...renamed.slice(0, RENAMED_TOLD), more] };
}

/** In quotes, with control characters escaped, cut to a readable length. */
export function shown(text: string): string {
  const cut = [...text.slice(0, 2 * SHOWN_LENGTH)];
  const start = cut.slice(0, SHOWN_LENGTH).join("");
  return JSON.stringify(start.length < text.length ? `${start}…` : text);
}

/** The first few of many, in quotes. */
export function shownList(texts: readonly string[]): string {
  const head = texts.slice(0, SHOWN_NAMES).map(shown).join(", ");
  const rest = texts.length - SHOWN_NAMES;
  return rest > 0 ? `${head} and ${rest} more` : head;
}

/** Counts characters as a reader does, not UTF-16 units. */
export function lengthOf(text: string): number {
  if (text.length <= MAX_TEXT_LENGTH) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** @throws DatasetError TOO_LONG */
export function refuseLong(what: string, text: string, field: string, value: string): never {
  const actual = lengthOf(text);
  throw new DatasetError(
    `${what} has ${actual} characters; at most ${MAX_TEXT_LENGTH} are kept: ${shown(text)}`,
    { code: "TOO_LONG", what: field, value, limit: MAX_TEXT_LENGTH, actual },
    { remedy: "shorten the text" },
  );
}

/**
 * Groups of texts that a reader may take for one another: they differ only in case, white space, Unicode form,
 * invisible characters, or the way a number is written.
 */
export function lookalikes(texts: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const visible = text.normalize("NFKC").replace(INVISIBLE, "");
    const folded = visible.toLowerCase().replace(/\s+/g, " ").trim();
    const key = PLAIN_FORMS.has(formOf(folded)) ? `number ${numberOf(folded, "comma")}` : folded;
    groups.set(key, [...(groups.get(key) ?? []), text]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
