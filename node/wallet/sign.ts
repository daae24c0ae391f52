/**
 * Signing: a transaction's signature is over its domain, the chain's genesis root and the
 * transaction's root, so it is worthless on any other chain and as any other kind of message.
 */

import type { KeyPair } from "../../chain/crypto/keys.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { requiredFee } from "../../chain/transactions/fee.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Payload, SignedTransaction, Transaction } from "../../chain/types/transaction.ts";

/** What the signer decides; the sender is the key's. */
export interface TransactionDraft {
  /** The sender account's next nonce. */
  readonly nonce: number;
  /** Micro-POML offered to the proposer; see `feeFor`. */
  readonly fee: bigint;
  /** Last height that may include it. */
  readonly validUntil: number;
  readonly payload: Payload;
}

/** Heights a transaction built here stays valid unless told otherwise. */
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

/** Smallest fee, micro-POML, that the chain takes for `payload`; 0 for duties it drew the sender for. */
export function feeFor(payload: Payload, parameters: Parameters): bigint {
  return requiredFee(
    { sender: new Uint8Array(32), nonce: 0, fee: 0n, validUntil: 0, payload },
    parameters,
  );
}
