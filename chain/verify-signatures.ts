/**
 * All signatures a transaction carries, verified on the thread pool. `verified` lets a node skip
 * those it has checked on arrival.
 */
import { verify } from "./crypto/keys.ts";
import { signingRoot } from "./crypto/signing.ts";
import type { State } from "./state/state.ts";
import { transactionId } from "./transaction-id.ts";
import { kindOf } from "./transactions/fee.ts";
import { TransactionError } from "./transactions/rule.ts";
import { ruleOf } from "./transactions/rules.ts";
import type { SignedTransaction } from "./types/transaction.ts";

/** Remembers transactions whose signatures were found good, by the very object: a `WeakSet` will do. */
export interface VerifiedTransactions {
  has(signed: SignedTransaction): boolean;
  add(signed: SignedTransaction): unknown;
}

/** @throws TransactionError BAD_SIGNATURE, or what the payload's own lookup refuses */
export async function verifyTransaction(
  state: State,
  genesisRoot: Uint8Array,
  signed: SignedTransaction,
  verified?: VerifiedTransactions,
): Promise<void> {
  if (verified?.has(signed) === true) return;
  const { transaction, signature } = signed;
  const rule = ruleOf(kindOf(transaction));
  const value = transaction.payload.value as Parameters<typeof rule.apply>[1];
  const inner = rule.innerSignatures?.(state, value) ?? [];
  const root = signingRoot("transaction", genesisRoot, transactionId(transaction));
  const own = verify(transaction.sender, root, signature);
  const results = await Promise.all([
    own,
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
  verified?.add(signed);
}

/** @throws as verifyTransaction */
export async function verifyTransactions(
  state: State,
  genesisRoot: Uint8Array,
  transactions: readonly SignedTransaction[],
  verified?: VerifiedTransactions,
): Promise<void> {
  const news = transactions.filter((signed) => verified?.has(signed) !== true);
  await Promise.all(news.map((signed) => verifyTransaction(state, genesisRoot, signed, verified)));
}
