/**
 * Decides what each column becomes: numbers, a category, or nothing; and finds the decimal mark of its numbers. A
 * column that could be read in two ways is refused. A column that is left out is reported with the reason.
 */
import { type ColumnProfile, MAX_CATEGORIES, placed } from "./csv-columns.ts";
import { shown } from "./csv-names.ts";
import { type CellForm, type DecimalMark, isMissing, lookOf } from "./csv-numbers.ts";
import { DatasetError } from "./errors.ts";

/** A column with at least this share of numbers is meant to be numeric. */
const NUMERIC_SHARE = 0.9;
const ROW_NUMBER_NAMES = new Set([
  "",
  "id",
  "index",
  "row",
  "row_id",
  "rowid",
  "unnamed: 0",
  "no",
  "nr",
]);

export type ColumnKind =
  | { readonly kind: "numeric"; readonly mark: DecimalMark }
  | { readonly kind: "category" }
  | { readonly kind: "unusable"; readonly reason: string };

export interface FileEvidence {
  /** Some column of numbers in the file can only be read with decimal commas. */
  readonly hasCommas: boolean;
}

/** What the columns show about the file's decimal mark. */
export function evidenceOf(profiles: readonly ColumnProfile[]): FileEvidence {
  const columns = profiles.filter((profile) => profile.count("text") === 0);
  return {
    hasCommas:
      columns.some((profile) => profile.count("comma") > 0) &&
      columns.every((profile) => profile.count("grouped") === 0),
  };
}

/**
 * @param header the cell that names the column; undefined without a header
 * @param mark the decimal mark, if the owner states it
 * @throws DatasetError NOT_NUMERIC, UNCLEAR
 */
export function kindOf(
  profile: ColumnProfile,
  header: string | undefined,
  { hasCommas }: FileEvidence,
  mark?: DecimalMark,
): ColumnKind {
  const numbers = profile.numbers;
  const texts = profile.count("text");
  const odd = profile.count("grouped", "beyond");
  const filled = numbers + texts + odd;
  if (filled === 0) return unusable("it holds no value in any row");
  if (texts === 0 || (numbers + odd) / filled >= NUMERIC_SHARE) {
    requireNumbers(profile);
    if (profile.min === profile.max) return constantNumber(profile);
    const isRowNumber = profile.isCounting && numbers > 2 && profile.missing === 0;
    if (isRowNumber && header !== undefined && ROW_NUMBER_NAMES.has(header.toLowerCase())) {
      return unusable("it numbers the rows");
    }
    return { kind: "numeric", mark: markOf(profile, hasCommas, mark) };
  }
  if (profile.texts.size > MAX_CATEGORIES) return unusable(tooManyTexts(profile, numbers));
  if (profile.texts.size === 1 && profile.count("missing") === 0) {
    return unusable("it holds the same text in every row");
  }
  return { kind: "category" };
}

/** The only decimal mark under which every cell of the column is a number. */
function markOf(
  profile: ColumnProfile,
  hasCommas: boolean,
  stated: DecimalMark | undefined,
): DecimalMark {
  const commas: readonly CellForm[] = ["comma", "comma-or-group"];
  const points: readonly CellForm[] = ["point", "point-or-group"];
  const comma = firstOf(profile, commas);
  const point = firstOf(profile, points);
  if (stated === "comma" && point !== undefined) {
    refuseNumber(profile, point, "has a decimal point, and the option decimal says comma");
  }
  if (stated === "point" && comma !== undefined) {
    refuseNumber(profile, comma, "has a comma, and the option decimal says point");
  }
  if (stated !== undefined) return stated;
  if (comma !== undefined && point !== undefined) {
    refuseNumber(
      profile,
      comma,
      `has a comma and ${placed(profile.first.get(point))} a point: only one of them can be the decimal mark`,
    );
  }
  if (profile.count("comma") > 0) return "comma";
  if (comma !== undefined) {
    if (hasCommas) return "comma";
    refuseMark(profile, comma, "its comma can be a decimal comma or separate thousands");
  }
  if (point !== undefined && profile.count("point") === 0 && hasCommas) {
    refuseMark(
      profile,
      point,
      "other columns have decimal commas, so its point can be a decimal point or separate thousands",
    );
  }
  return "point";
}

function firstOf(profile: ColumnProfile, forms: readonly CellForm[]): CellForm | undefined {
  return forms.find((form) => profile.count(form) > 0);
}

/** @throws DatasetError NOT_NUMERIC for a column of numbers that also holds something else */
function requireNumbers(profile: ColumnProfile): void {
  if (profile.count("grouped") > 0) {
    refuseNumber(
      profile,
      "grouped",
      "separates thousands; write the digits without separators (1234567.5)",
    );
  }
  if (profile.count("beyond") > 0) {
    refuseNumber(profile, "beyond", "is not a finite number, or beyond 1e300");
  }
  if (profile.count("text") > 0) refuseNumber(profile, "text", "is not a number");
}

function constantNumber(profile: ColumnProfile): ColumnKind {
  if (profile.texts.size - countMissing(profile) > 1 && profile.firstInexact !== undefined) {
    refuseNumber(
      profile,
      undefined,
      "and other, different numbers are equal as 64-bit numbers",
      profile.firstInexact,
    );
  }
  if (profile.firstUnderflow !== undefined) {
    return unusable(
      `it holds numbers too small for 64 bits, such as ${placed(profile.firstUnderflow)}`,
    );
  }
  const where = profile.missing > 0 ? "wherever it holds one" : "in every row";
  return unusable(`it holds the same number ${where}`);
}

function countMissing(profile: ColumnProfile): number {
  return [...profile.texts].filter(isMissing).length;
}

function tooManyTexts(profile: ColumnProfile, numbers: number): string {
  const text = profile.first.get("text");
  const look = text === undefined ? undefined : lookOf(text.cell);
  if (numbers > 0 && look === undefined) {
    return `it mixes numbers with texts such as ${placed(text)}`;
  }
  const such = `such as ${placed(text)}`;
  if (look === "a date" || look === "a time") {
    return `it holds dates or times ${such}; turn them into numbers (days, seconds) to use them`;
  }
  if (look !== undefined)
    return `it holds numbers with a unit ${such}; write plain numbers to use them`;
  return `it holds more than ${MAX_CATEGORIES} different texts ${such}`;
}

function refuseNumber(
  profile: ColumnProfile,
  form: CellForm | undefined,
  reason: string,
  place = form === undefined ? undefined : profile.first.get(form),
): never {
  const { line, cell } = place ?? { line: 0, cell: "" };
  throw new DatasetError(
    `line ${line}, column ${shown(profile.name)}: ${shown(cell)} ${reason}`,
    { code: "NOT_NUMERIC", column: profile.name, line, value: cell.slice(0, 40) },
    {
      remedy:
        "correct the value, leave it empty if it is missing, or leave the column out with the option leaveOut (--leave-out)",
    },
  );
}

function refuseMark(profile: ColumnProfile, form: CellForm, reason: string): never {
  throw new DatasetError(
    `column ${shown(profile.name)}: the meaning of ${placed(profile.first.get(form))} is not clear: ${reason}`,
    { code: "UNCLEAR", field: "decimal", choices: ["comma", "point"] },
    { remedy: "state the decimal mark with the option decimal: comma or point" },
  );
}

function unusable(reason: string): ColumnKind {
  return { kind: "unusable", reason };
}
