/**
 * What each column of a table holds: numbers, a few distinct texts, or something no model can use.
 * Decides what becomes a feature, and says why when a column does not.
 */
import { DatasetError } from "./errors.ts";

/** More distinct texts than this are names or free text, not a category. */
const MAX_CATEGORIES = 32;
/** A column with at least this share of numbers is meant to be numeric. */
const NUMERIC_SHARE = 0.9;
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null", "none", "-"]);
const LONGEST_MISSING = Math.max(...Array.from(MISSING, (text) => text.length));
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

/** Running facts of one column; `note` each cell, then ask `kindOf`. */
export class ColumnProfile {
  readonly name: string;
  /** Distinct texts, at most one more than a category may have. */
  readonly texts = new Set<string>();
  #numbers = 0;
  #others = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #integers = true;
  #counting = true;
  #firstOther: { line: number; value: string } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  note(cell: string, line: number): void {
    if (isMissing(cell)) return;
    if (this.texts.size <= MAX_CATEGORIES) this.texts.add(cell);
    const value = Number(cell);
    if (!Number.isFinite(value)) {
      this.#others++;
      this.#firstOther ??= { line, value: cell.slice(0, 40) };
      return;
    }
    // Row numbers rise by one from the first row to the last.
    this.#counting &&= this.#numbers === 0 || value === this.#max + 1;
    this.#integers &&= Number.isInteger(value);
    this.#numbers++;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** True when every cell is an integer from 0 to 255. */
  get isByte(): boolean {
    return this.#others === 0 && this.#integers && this.#min >= 0 && this.#max <= 255;
  }

  /** @throws DatasetError NOT_NUMERIC for a numeric column with a stray text */
  kind(): "numeric" | "category" | { readonly unusable: string } {
    if (this.texts.size < 2) return { unusable: "it holds the same value in every row" };
    if (this.#others === 0) {
      return this.#counting && this.#numbers > 2 && ROW_NUMBER_NAMES.has(this.name.toLowerCase())
        ? { unusable: "it numbers the rows" }
        : "numeric";
    }
    if (this.#numbers / (this.#numbers + this.#others) >= NUMERIC_SHARE) {
      const { line, value } = this.#firstOther ?? { line: 0, value: "" };
      throw new DatasetError(
        `line ${line}, column ${this.name}: ${JSON.stringify(value)} is not a number`,
        { code: "NOT_NUMERIC", column: this.name, line, value },
        { remedy: "correct the value, leave it empty if it is missing, or leave the column out" },
      );
    }
    if (this.texts.size <= MAX_CATEGORIES) return "category";
    return { unusable: `it holds more than ${MAX_CATEGORIES} different texts` };
  }
}

export function isMissing(cell: string): boolean {
  // Most cells are numbers: the first character tells them apart without a copy of the text.
  const first = cell.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return false;
  return cell.length <= LONGEST_MISSING && MISSING.has(cell.toLowerCase());
}
