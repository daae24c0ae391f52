/** Why a transaction is refused. */
import { PomlError } from "./errors.ts";

export type TransactionFacts =
  | { code: "BAD_NONCE"; expected: number; actual: number }
  | { code: "EXPIRED"; validUntil: number; height: number }
  | { code: "FEE_TOO_LOW"; required: bigint; offered: bigint }
  | { code: "INSUFFICIENT_BALANCE"; balance: bigint; needed: bigint }
  | { code: "BAD_SIGNATURE" }
  | { code: "BAD_FIELD"; field: string; reason: string }
  | { code: "UNKNOWN_NODE" }
  | { code: "SLASHED"; slashedAt: number }
  | { code: "ALREADY_REGISTERED" }
  | { code: "TOO_MANY_NODES"; nodes: number; limit: number }
  | { code: "BOND_TOO_SMALL"; bond: bigint; minimum: bigint }
  | { code: "UNKNOWN_JOB" }
  | { code: "BUDGET_BELOW_PRICE"; budget: bigint; price: bigint }
  | { code: "TOO_MANY_JOBS"; open: number; limit: number }
  | { code: "TOO_MANY_DRAWS"; left: number; limit: number }
  | { code: "TOO_MANY_ENTRIES"; limit: number }
  | { code: "WRONG_PHASE"; phase: string }
  | { code: "WRONG_ROUND"; expected: number; actual: number }
  | { code: "NOT_ASSIGNED"; duty: string }
  | { code: "ALREADY_DONE"; duty: string }
  | { code: "RECORD_MISMATCH"; field: string }
  | { code: "NO_WINDOW"; window: number }
  | { code: "NO_TRACK"; track: number }
  | { code: "NO_AUDIT"; round: number; node: number }
  | { code: "AUDITS_OPEN"; open: number };

export class TransactionError extends PomlError<TransactionFacts> {}

/** Refuses a field of a payload. */
export function refuseField(field: string, reason: string, remedy?: string): never {
  refuse(`${field}: ${reason}`, { code: "BAD_FIELD", field, reason }, remedy);
}

/** Refuses an index beyond the end of a list of names. */
export function checkIndex(field: string, value: number, names: readonly string[]): void {
  if (value < names.length) return;
  refuseField(
    field,
    `must be 0 to ${names.length - 1}, got ${value}`,
    `use one of ${names.map((name, index) => `${index} (${name})`).join(", ")}`,
  );
}

/** Refuses a number that is not from `low` to `high`. */
export function checkRange(field: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  refuseField(
    field,
    `must be ${low} to ${high}, got ${value}`,
    `give ${field.split(".").at(-1)} in that range`,
  );
}

export function refuse(message: string, facts: TransactionFacts, remedy?: string): never {
  throw new TransactionError(message, facts, remedy === undefined ? {} : { remedy });
}
