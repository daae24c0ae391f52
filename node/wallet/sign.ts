/**
 * Signing: a transaction's signature covers its domain, the chain's genesis root and the transaction's root, so it is
 * invalid on any other chain and for any other kind of message.
 */

import type { KeyPair } from "../../chain/crypto/keys.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { requiredFee } from "../../chain/transactions/fee.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Payload, SignedTransaction, Transaction } from "../../chain/types/transaction.ts";

/** What the signer decides; the sender follows from the key. */
export interface TransactionDraft {
  /** The sender account's next nonce. */
  readonly nonce: number;
  /** Micro-POML offered to the proposer; see `feeFor`. */
  readonly fee: bigint;
  /** Last height that may include it. */
  readonly validUntil: number;
  readonly payload: Payload;
}

/** A transaction built here is valid for so many heights, unless the caller sets another lifetime. */
export const DEFAULT_LIFETIME = 1000;

/** @param genesisRoot root of the chain the transaction is for, 32 bytes */
export function signTransaction(
  keyPair: KeyPair,
  genesisRoot: Uint8Array,
  draft: TransactionDraft,
): SignedTransaction {
  const transaction: Transaction = {
    sender: keyPair.publicKey,
    nonce: draft.nonce,
    fee: draft.fee,
    validUntil: draft.validUntil,
    payload: draft.payload,
  };
  const root = signingRoot("transaction", genesisRoot, transactionId(transaction));
  return { transaction, signature: keyPair.sign(root) };
}

/** Smallest fee, in micro-POML, that the chain accepts for `payload`; 0 for duties for which it drew the sender. */
export function feeFor(payload: Payload, parameters: Parameters): bigint {
  return requiredFee(
    { sender: new Uint8Array(32), nonce: 0, fee: 0n, validUntil: 0, payload },
    parameters,
  );
}
