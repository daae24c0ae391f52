/** How far a transaction is on its way to a block, as the node shows it. */
import type { SignedTransaction } from "../../chain/types/transaction.ts";

export interface TransactionStatus {
  readonly state: "pending" | "final";
  readonly transaction: SignedTransaction;
  readonly height: number | undefined;
  readonly index: number | undefined;
}

/** A transaction of this node's account that is not final yet. */
export interface WaitingTransaction {
  readonly signed: SignedTransaction;
  /** Height at which it was submitted. */
  readonly since: number;
  /** The signer: the node itself, or a client that uses the node's key. */
  readonly signedBy: "node" | "client";
  /** The reason why it waits, in words. */
  readonly reason: string;
}
