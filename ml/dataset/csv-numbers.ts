/** How the cell of a table reads as a number, and which cells mean that there is none. */

export type DecimalMark = "point" | "comma";

/**
 * - `whole`: digits, perhaps an exponent: the same under both decimal marks
 * - `point`, `comma`: the mark can only be a decimal mark: 1.5, 0,25
 * - `point-or-group`, `comma-or-group`: one group of three digits behind the mark: 1.234, 12,500
 * - `grouped`: thousands are separated: 1,234,567 or 1.234,5 or 1 234
 * - `beyond`: a number no double can hold, or infinity
 * - `missing`: empty, or one of the usual words for it
 */
export const CELL_FORMS = [
  "whole",
  "point",
  "point-or-group",
  "comma",
  "comma-or-group",
  "grouped",
  "beyond",
  "missing",
  "text",
] as const;
export type CellForm = (typeof CELL_FORMS)[number];

/** Above this, the difference of two values would exceed the range of doubles. */
const LARGEST_VALUE = 1e300;

const MISSING = new Set([
  "",
  "?",
  ".",
  "-",
  "--",
  "na",
  "n/a",
  "#n/a",
  "<na>",
  "nan",
  "null",
  "none",
  "nil",
  "\\n",
]);
const LONGEST_MISSING = Math.max(...Array.from(MISSING, (text) => text.length));
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA = /^[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?$/;
const ONE_GROUP = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;
const GROUPED = /^[+-]?\d{1,3}(?:([.,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$/;
const INDIAN = /^[+-]?\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

export function formOf(cell: string): CellForm {
  if (isDigits(cell)) return "whole";
  const first = cell.charCodeAt(0);
  // Most cells are numbers; their first character distinguishes them from texts.
  const isNumberLike = first >= 0x2b && first <= 0x39;
  if (isNumberLike && PLAIN.test(cell)) {
    if (!(Math.abs(Number(cell)) <= LARGEST_VALUE)) return "beyond";
    if (!cell.includes(".")) return "whole";
    return ONE_GROUP.test(cell) ? "point-or-group" : "point";
  }
  if (isMissing(cell)) return "missing";
  if (isNumberLike && COMMA.test(cell)) {
    if (!(Math.abs(numberOf(cell, "comma")) <= LARGEST_VALUE)) return "beyond";
    return ONE_GROUP.test(cell) ? "comma-or-group" : "comma";
  }
  if (isNumberLike && (GROUPED.test(cell) || INDIAN.test(cell))) return "grouped";
  return INFINITE.test(cell) ? "beyond" : "text";
}

/** Most cells are short whole numbers, which need no pattern. */
function isDigits(cell: string): boolean {
  if (cell.length === 0 || cell.length > 15) return false;
  for (let i = 0; i < cell.length; i++) {
    const code = cell.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** The value of a cell that reads as a number. */
export function numberOf(cell: string, mark: DecimalMark): number {
  return Number(mark === "comma" ? cell.replace(",", ".") : cell);
}

/** True for cells that may hold a number; `text` and `missing` do not. */
export function isNumeric(form: CellForm): boolean {
  return form !== "text" && form !== "missing";
}

export function isMissing(cell: string): boolean {
  return cell.length <= LONGEST_MISSING && MISSING.has(cell.toLowerCase());
}

/** Whether a number has more digits than a double can hold, so that two such numbers may become one. */
export function isInexact(cell: string, mark: DecimalMark): boolean {
  const digits = digitsOf(cell);
  // A double distinguishes all numbers of fifteen digits.
  if (digits.length <= 15) return false;
  if (digits.length > 100) return true;
  return digitsOf(numberOf(cell, mark).toPrecision(digits.length)) !== digits;
}

/** The significant digits: without sign, marks, exponent and outer zeros. */
function digitsOf(cell: string): string {
  const [mantissa = ""] = cell.split(/e/i);
  return mantissa.replace(/\D/g, "").replace(/^0+|0+$/g, "");
}

const DATE = /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ].*)?$/;
const TIME = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;
const WITH_UNIT = /^[€$£¥]?\s?[+-]?[\d.,]*\d\s?(?:%|€|\$|£|¥|[a-zA-Zµ°]{1,4})?$/;

/** Describes a text that is no plain number, for reasons in notes. */
export function lookOf(text: string): "a date" | "a time" | "a number with a unit" | undefined {
  if (DATE.test(text)) return "a date";
  if (TIME.test(text)) return "a time";
  return WITH_UNIT.test(text) ? "a number with a unit" : undefined;
}
