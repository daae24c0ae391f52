/** Verifies all signatures of a transaction. With `verified` a node skips those that it has checked on arrival. */
import { verify, verifySync } from "./crypto/keys.ts";
import { signingRoot } from "./crypto/signing.ts";
import type { State } from "./state/state.ts";
import { TransactionError } from "./transaction-error.ts";
import { transactionId } from "./transaction-id.ts";
import { ruleOf } from "./transactions/rules.ts";
import { kindOf, type SignedTransaction } from "./types/transaction.ts";

/** Remembers, by object, the transactions whose signatures were found valid; a `WeakSet` is enough. */
export interface VerifiedTransactions {
  has(signed: SignedTransaction): boolean;
  add(signed: SignedTransaction): unknown;
}

/**
 * Verifies on the thread pool.
 * @throws TransactionError BAD_SIGNATURE, or any error of the payload's own lookup
 */
export async function verifyTransaction(
  state: State,
  genesisRoot: Uint8Array,
  signed: SignedTransaction,
  verified?: VerifiedTransactions,
): Promise<void> {
  if (verified?.has(signed) === true) return;
  const checks = checksOf(state, genesisRoot, signed);
  const results = await Promise.all(checks.map((check) => verify(...check)));
  if (results.includes(false)) throw badSignature();
  verified?.add(signed);
}

/**
 * The same on the calling thread, for callers that work through a queue in small steps.
 * @throws as verifyTransaction
 */
export function verifyTransactionSync(
  state: State,
  genesisRoot: Uint8Array,
  signed: SignedTransaction,
  verified?: VerifiedTransactions,
): void {
  if (verified?.has(signed) === true) return;
  const checks = checksOf(state, genesisRoot, signed);
  if (!checks.every((check) => verifySync(...check))) throw badSignature();
  verified?.add(signed);
}

/** Public key, message and signature. */
type Check = readonly [Uint8Array, Uint8Array, Uint8Array];

function checksOf(
  state: State,
  genesisRoot: Uint8Array,
  { transaction, signature }: SignedTransaction,
): Check[] {
  const rule = ruleOf(kindOf(transaction));
  const root = signingRoot("transaction", genesisRoot, transactionId(transaction));
  const own: Check = [transaction.sender, root, signature];
  if (rule.innerSignatures === undefined) return [own];
  const inner = rule.innerSignatures(state, transaction.payload.value).map((s): Check => {
    return [s.publicKey, signingRoot(s.domain, genesisRoot, s.root), s.signature];
  });
  return [own, ...inner];
}

function badSignature(): TransactionError {
  return new TransactionError(
    "a signature does not match: the transaction was altered, or signed for another chain",
    { code: "BAD_SIGNATURE" },
    { remedy: "sign it again with the sender's key and this chain's genesis" },
  );
}

/**
 * The largest number at the same time, so that other users of the thread pool, such as writes to disk, wait for no more
 * than these.
 */
const AT_ONCE = 128;

/** @throws as verifyTransaction */
export async function verifyTransactions(
  state: State,
  genesisRoot: Uint8Array,
  transactions: readonly SignedTransaction[],
  verified?: VerifiedTransactions,
): Promise<void> {
  const news = transactions.filter((signed) => verified?.has(signed) !== true);
  for (let from = 0; from < news.length; from += AT_ONCE) {
    const some = news.slice(from, from + AT_ONCE);
    await Promise.all(some.map((each) => verifyTransaction(state, genesisRoot, each, verified)));
  }
}
