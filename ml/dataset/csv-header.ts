/**
 * Decides whether the first line of a table names its columns. A wrong guess would lose a row or train on names. So
 * each column is searched for evidence, and a table without clear evidence is refused until its owner states it.
 */
import { formOf, isNumeric } from "./csv-numbers.ts";
import type { CsvRecord } from "./csv-records.ts";
import { DatasetError } from "./errors.ts";

export type HeaderOption = "yes" | "no" | "auto";

interface Evidence {
  /** Numbers in the first line. */
  numbers: string[];
  /** Texts above columns of numbers. */
  contrasts: number;
  /** Texts of the first line that appear again below in the same column. */
  repeats: number;
  /** Texts above columns with few values, where every value is repeated and none equals the text. */
  strangers: number;
}

/** A stranger outweighs fewer columns of `repeats` than this: the first row may hold a rare value. */
const REPEATS_PER_STRANGER = 2;

/**
 * @param rest the records below, or the first thousand of them
 * @param isLabelName whether a cell of the first line is the name of a label column
 * @throws DatasetError UNCLEAR
 */
export function hasHeader(
  first: CsvRecord,
  rest: readonly CsvRecord[],
  isLabelName: (cell: string) => boolean,
): boolean {
  const { numbers, contrasts, repeats, strangers } = evidenceOf(first, rest);
  const isNamed = first.fields.some(isLabelName);
  if (numbers.length === 0) {
    if (repeats === 0) {
      if (contrasts > 0 || strangers > 0 || isNamed) return true;
      return refuse("its first line can hold names or data");
    }
    if (contrasts > 0) {
      return refuse(
        "its first line looks like names above numbers, but one of its texts appears again below",
      );
    }
    if (repeats >= REPEATS_PER_STRANGER * strangers) return false;
    return refuse("some texts of its first line appear again below, others do not");
  }
  if (repeats > 0) return false;
  if (numbers.length === first.fields.filter((cell) => cell !== "").length) {
    return isCount(numbers) && numbers.length > 2
      ? refuse("its first line counts: these can be the numbers of columns or data")
      : false;
  }
  if (!areNames(numbers)) return false;
  if (isNamed) return true;
  if (contrasts > 0 || strangers > 0 || isCount(numbers)) {
    return refuse("its first line holds numbers, which can be names or data");
  }
  return false;
}

function evidenceOf(first: CsvRecord, rest: readonly CsvRecord[]): Evidence {
  const evidence: Evidence = { numbers: [], contrasts: 0, repeats: 0, strangers: 0 };
  first.fields.forEach((cell, column) => {
    const form = formOf(cell);
    if (isNumeric(form)) evidence.numbers.push(cell);
    if (form !== "text") return;
    const below = rest.map(({ fields }) => fields[column] ?? "").filter((each) => each !== "");
    const forms = below.map(formOf);
    const distinct = new Set(below);
    if (distinct.has(cell)) evidence.repeats++;
    else if (forms.some(isNumeric) && !forms.includes("text")) evidence.contrasts++;
    else if (below.length >= 4 && distinct.size * 2 <= below.length) evidence.strangers++;
  });
  return evidence;
}

/** Distinct whole numbers, such as years or pixel numbers, may be names. */
function areNames(numbers: readonly string[]): boolean {
  return numbers.every((text) => /^\d+$/.test(text)) && new Set(numbers).size === numbers.length;
}

/** 0, 1, 2 ... or 1, 2, 3 ... */
function isCount(numbers: readonly string[]): boolean {
  const start = Number(numbers[0]);
  return (start === 0 || start === 1) && numbers.every((text, i) => text === String(start + i));
}

function refuse(reason: string): never {
  throw new DatasetError(
    `it is not clear whether the file has a header: ${reason}`,
    { code: "UNCLEAR", field: "header", choices: ["yes", "no"] },
    {
      remedy: "state it with the option header: yes (line 1 names the columns) or no (it is data)",
    },
  );
}
