/**
 * All signatures a transaction carries, verified on the thread pool. `verified` lets a node skip
 * those it has checked on arrival; ids do not cover signatures, so the cache key covers both.
 */

import { sha256, toHex } from "./crypto/hash.ts";
import { verify } from "./crypto/keys.ts";
import { signingRoot } from "./crypto/signing.ts";
import type { State } from "./state/state.ts";
import { transactionId } from "./transaction-id.ts";
import { kindOf } from "./transactions/fee.ts";
import { TransactionError } from "./transactions/rule.ts";
import { ruleOf } from "./transactions/rules.ts";
import type { SignedTransaction } from "./types/transaction.ts";

/** Remembers signatures that were found good. */
export interface VerifiedCache {
  has(key: string): boolean;
  add(key: string): void;
}

/** @throws TransactionError BAD_SIGNATURE, or what the payload's own lookup refuses */
export async function verifyTransaction(
  state: State,
  genesisRoot: Uint8Array,
  { transaction, signature }: SignedTransaction,
  cache?: VerifiedCache,
): Promise<void> {
  const id = transactionId(transaction);
  const key = toHex(sha256(id, signature));
  if (cache?.has(key)) return;
  const rule = ruleOf(kindOf(transaction));
  const value = transaction.payload.value as Parameters<typeof rule.apply>[1];
  const inner = rule.innerSignatures?.(state, value) ?? [];
  const results = await Promise.all([
    verify(transaction.sender, signingRoot("transaction", genesisRoot, id), signature),
    ...inner.map((s) =>
      verify(s.publicKey, signingRoot(s.domain, genesisRoot, s.root), s.signature),
    ),
  ]);
  if (results.includes(false)) {
    throw new TransactionError(
      "a signature does not match: the transaction was altered, or signed for another chain",
      { code: "BAD_SIGNATURE" },
      { remedy: "sign it again with the sender's key and this chain's genesis" },
    );
  }
  cache?.add(key);
}

/** @throws as verifyTransaction */
export async function verifyTransactions(
  state: State,
  genesisRoot: Uint8Array,
  transactions: readonly SignedTransaction[],
  cache?: VerifiedCache,
): Promise<void> {
  await Promise.all(transactions.map((tx) => verifyTransaction(state, genesisRoot, tx, cache)));
}
