/**
 * The parts of a transaction rule: one `apply` that checks everything before it writes anything, and some optional
 * functions. apply-transaction.ts checks what all transactions have in common (nonce, balance, fee).
 */
import type { DrawRoom } from "../job/draw-room.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobRecord } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import type { Payloads, TransactionKind } from "../types/transaction.ts";
import type { ListRoom } from "./list-room.ts";

/** What a rule may use besides state and payload. */
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
  /** The room left in this block for orders, and for updates that go to their audits. */
  readonly draws: DrawRoom;
  /** The room left in this block for votes, and for bonds whose unbonding starts. */
  readonly lists: ListRoom;
}

/** A signature inside a payload, which is verified together with the transaction's own. */
export interface InnerSignature {
  readonly publicKey: Uint8Array;
  readonly domain: "record" | "refusal";
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Rule<K extends TransactionKind> {
  /**
   * True for work that the chain asks of its nodes, and for their votes: these are free. Default: a transaction costs a
   * fee.
   */
  readonly isDuty?: true;
  /** Micro-POML that the proposer must be offered. Default: the floor, and nothing for a duty. */
  fee?(payload: Payloads[K], parameters: Parameters): bigint;
  /** @throws TransactionError; then the state is unchanged */
  apply(state: State, payload: Payloads[K], context: RuleContext): void;
  /** Everything that `apply` refuses, if the payload alone decides that. */
  check?(payload: Payloads[K]): void;
  /**
   * The values on which the result depends while the transaction waits: unless one of them changes, or its sender sends
   * something, the transaction stays applicable. Default: it depends on anything.
   */
  restsOn?(state: State, sender: Uint8Array): readonly unknown[];
  /** Micro-POML the rule itself takes from the sender, besides the fee. */
  spends?(payload: Payloads[K]): bigint;
  innerSignatures?(state: State, payload: Payloads[K]): InnerSignature[];
}
