/**
 * All signatures a transaction carries, verified. `verified` lets a node skip
 * those it has checked on arrival.
 */
import { verify, verifySync } from "./crypto/keys.ts";
import { signingRoot } from "./crypto/signing.ts";
import type { State } from "./state/state.ts";
import { TransactionError } from "./transaction-error.ts";
import { transactionId } from "./transaction-id.ts";
import { ruleOf } from "./transactions/rules.ts";
import { kindOf, type SignedTransaction } from "./types/transaction.ts";

/** Remembers transactions whose signatures were found good, by the very object: a `WeakSet` will do. */
export interface VerifiedTransactions {
  has(signed: SignedTransaction): boolean;
  add(signed: SignedTransaction): unknown;
}

/**
 * On the thread pool.
 * @throws TransactionError BAD_SIGNATURE, or what the payload's own lookup refuses
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
 * The same on the spot, for whoever works off a queue bit by bit.
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

/** Under way at once: who else needs the thread pool, to write to disk, waits for no more than these. */
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
