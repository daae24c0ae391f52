/** Parses a whole number in an option. */
import { usageError } from "./exit-codes.ts";

/** @throws CliError BAD_ARGUMENT */
export function wholeNumber(field: string, text: string, minimum = 0): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= minimum) return Number(text);
  const expected = `a whole number from ${minimum}`;
  throw usageError(field, `expected ${expected}, got ${JSON.stringify(text)}`, `give ${expected}`);
}
