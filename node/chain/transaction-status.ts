/** Where a transaction is on its way to a block, as the node shows it. */
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
  /** Height when it was handed in. */
  readonly since: number;
  /** Who signed it: the node itself, or a client with the node's key. */
  readonly signedBy: "node" | "client";
  /** What it waits for, for people. */
  readonly reason: string;
}
