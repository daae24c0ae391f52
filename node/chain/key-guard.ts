import type { Transaction } from "../../chain/types/transaction.ts";

/** Knows whether this node's key signs elsewhere, too. */
export interface KeyGuard {
  /** @throws KeyElsewhere */
  check(): void;
  /** Must be called before a transaction of this node is sent. */
  said(transaction: Transaction): void;
}
