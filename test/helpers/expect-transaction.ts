/** Tries a transaction on the head of a chain, as the next block would. */
import { dryRun } from "../../chain/mempool/admission.ts";
import { TransactionError, type TransactionFacts } from "../../chain/transaction-error.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { TestChain } from "./chain.ts";
import { expectCode } from "./expect-code.ts";

/** @returns the facts of the refusal */
export function expectRefused<C extends TransactionFacts["code"]>(
  chain: TestChain,
  transaction: SignedTransaction,
  code: C,
): Extract<TransactionFacts, { code: C }> {
  const error = expectCode(() => dryRun(chain.head.state, transaction), code);
  if (!(error instanceof TransactionError)) throw error;
  return error.facts as Extract<TransactionFacts, { code: C }>;
}

/** @throws TransactionError */
export function expectApplies(chain: TestChain, transaction: SignedTransaction): void {
  dryRun(chain.head.state, transaction);
}
