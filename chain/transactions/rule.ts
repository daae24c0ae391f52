/**
 * What a transaction kind is made of: one `apply` that checks everything before it writes anything.
 * The frame (nonce, balance, fee) is checked by apply-transaction.ts.
 */
import { PomlError } from "../errors.ts";
import type { DrawRoom } from "../job/draw-room.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobRecord } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import type { Payloads, TransactionKind } from "../types/transaction.ts";
import type { ListRoom } from "./list-room.ts";

/** What a rule may know besides state and payload. */
export interface RuleContext {
  readonly sender: Uint8Array;
  /** Account of the sender. */
  readonly address: Uint8Array;
  readonly id: Uint8Array;
  /** Account that earns the fees of this block. */
  readonly proposer: Uint8Array;
  /** Training records of this block so far. */
  readonly records: JobRecord[];
  /** Changes of ratings of this block so far. */
  readonly ratingChanges: RatingChange[];
  /** What is left in this block for orders and for updates that go to their audits. */
  readonly draws: DrawRoom;
  /** What is left in this block for votes and for bonds that are asked back. */
  readonly lists: ListRoom;
}

/** A signature inside a payload, to be verified together with the transaction's own. */
export interface InnerSignature {
  readonly publicKey: Uint8Array;
  readonly domain: "record" | "refusal";
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Rule<K extends TransactionKind> {
  /** Work that the chain asks of its nodes, and their votes: it is free. Default: a transaction costs a fee. */
  readonly isDuty?: true;
  /** Micro-POML that the proposer must be offered. Default: the floor, and nothing for a duty. */
  fee?(payload: Payloads[K], parameters: Parameters): bigint;
  /** @throws TransactionError, and then the state is unchanged */
  apply(state: State, payload: Payloads[K], context: RuleContext): void;
  /** Everything `apply` refuses, where the payload alone decides that. */
  check?(payload: Payloads[K]): void;
  /** Micro-POML the rule itself takes from the sender, besides the fee. */
  spends?(payload: Payloads[K]): bigint;
  innerSignatures?(state: State, payload: Payloads[K]): InnerSignature[];
}

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

/** Refuses an index that a list of names does not have. */
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
