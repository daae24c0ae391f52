/** Collects what the cells of each column hold, while the table is read. */
import { shown } from "./csv-names.ts";
import { CELL_FORMS, type CellForm, formOf, isInexact, numberOf } from "./csv-numbers.ts";

/** More distinct texts than this are names or free text, not a category. */
export const MAX_CATEGORIES = 32;
/** The number of different values of a column for which we count how many stay different as 32-bit floats. */
const DISTINCT_NUMBERS = 1000;

export interface Place {
  readonly line: number;
  readonly cell: string;
}

/** Facts about one column, collected cell by cell: call `note` for each cell of each labelled row. */
export class ColumnProfile {
  readonly name: string;
  /** Distinct texts that are not empty; at most one more than a category may have. */
  readonly texts = new Set<string>();
  /** Distinct words for a missing value as they are written, including the empty one. */
  readonly missingWords = new Set<string>();
  readonly first = new Map<CellForm, Place>();
  /** Over all cells that are numbers, with either decimal mark. */
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  isWhole = true;
  /** Every number is one more than the number above it. */
  isCounting = true;
  /** The first number with more digits than a double can hold. */
  firstInexact: Place | undefined;
  firstZeroLed: Place | undefined;
  /** The first number that is not 0 but becomes 0 as a double. */
  firstUnderflow: Place | undefined;
  readonly distinct = new Set<number>();
  /** Cells without any character. */
  empty = 0;
  /**
   * Label of each text and text of each label, as long as each text comes with only one label and each label with only
   * one text.
   */
  #pairs: { label: Map<string, string>; text: Map<string, string> } | undefined = {
    label: new Map(),
    text: new Map(),
  };
  #isCopy = true;
  readonly #counts = new Uint32Array(CELL_FORMS.length);

  constructor(name: string) {
    this.name = name;
  }

  note(cell: string, line: number, label: string): void {
    const form = formOf(cell);
    const index = CELL_FORMS.indexOf(form);
    const count = this.#counts[index] ?? 0;
    this.#counts[index] = count + 1;
    if (count === 0) this.first.set(form, { line, cell });
    if (cell === "") this.empty++;
    else if (this.texts.size <= MAX_CATEGORIES) this.texts.add(cell);
    if (this.#pairs !== undefined) this.#pair(cell, label);
    if (form === "missing") {
      if (this.missingWords.size <= MAX_CATEGORIES) this.missingWords.add(cell);
      return;
    }
    if (form === "text" || form === "grouped" || form === "beyond") return;
    const mark = form.startsWith("comma") ? "comma" : "point";
    const value = numberOf(cell, mark);
    this.isCounting &&= this.max === Number.NEGATIVE_INFINITY || value === this.max + 1;
    this.isWhole &&= Number.isInteger(value);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.distinct.size < DISTINCT_NUMBERS) this.distinct.add(value);
    if (cell.length > 15 && this.firstInexact === undefined && isInexact(cell, mark))
      this.firstInexact = { line, cell };
    if (value === 0 && this.firstUnderflow === undefined && /^[^eE]*[1-9]/.test(cell))
      this.firstUnderflow = { line, cell };
    if (cell.length > 1 && this.firstZeroLed === undefined && /^[+-]?0\d/.test(cell))
      this.firstZeroLed = { line, cell };
  }

  count(...forms: readonly CellForm[]): number {
    return forms.reduce((sum, form) => sum + (this.#counts[CELL_FORMS.indexOf(form)] ?? 0), 0);
  }

  /** Cells that read as a number. */
  get numbers(): number {
    return this.count("whole", "point", "point-or-group", "comma", "comma-or-group");
  }

  get missing(): number {
    return this.count("missing");
  }

  /** True when every cell is an integer from 0 to 255. */
  get isByte(): boolean {
    const others = this.missing + this.count("text", "grouped", "beyond");
    return others === 0 && this.isWhole && this.min >= 0 && this.max <= 255;
  }

  /** How the column gives away the label in every row, if it does. */
  get leak(): "copy" | "rename" | undefined {
    if (this.#pairs === undefined || this.#pairs.text.size < 2) return undefined;
    return this.#isCopy ? "copy" : "rename";
  }

  #pair(cell: string, label: string): void {
    const pairs = this.#pairs;
    if (pairs === undefined) return;
    const known = pairs.label.get(cell);
    const text = pairs.text.get(label);
    if (known === undefined && text === undefined) {
      pairs.label.set(cell, label);
      pairs.text.set(label, cell);
      this.#isCopy &&= cell === label;
    } else if (known !== label || text !== cell) this.#pairs = undefined;
  }
}

/** A cell and its line for messages: line 7 ("abc"). */
export function placed(place: Place | undefined): string {
  return place === undefined ? "" : `${shown(place.cell)} on line ${place.line}`;
}
