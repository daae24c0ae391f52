/** Makes, signs and sends a transaction over the HTTP API, as every client does. */
import { formatAddress } from "../../chain/crypto/address.ts";
import { fromHex } from "../../chain/crypto/hash.ts";
import { type Payload, SignedTransaction } from "../../chain/types/transaction.ts";
import type { PomlClient } from "../api/client.ts";
import { decodeParameters } from "../config/genesis-file.ts";
import type { Identity } from "../wallet/key-file.ts";
import { DEFAULT_LIFETIME, feeFor, signTransaction } from "../wallet/sign.ts";

export interface SentTransaction {
  /** Hex. */
  readonly id: string;
  /** Micro-POML. */
  readonly fee: bigint;
}

/**
 * Signs and sends it; the transaction is in the node's mempool when this returns.
 * @param onFee gets the fee before anything is signed
 * @throws ApiError
 */
export async function sendTransaction(
  client: PomlClient,
  identity: Identity,
  payload: Payload,
  onFee?: (fee: bigint) => void,
): Promise<SentTransaction> {
  const status = await client.status();
  const account = await client.account(formatAddress(identity.address));
  const fee = feeFor(payload, decodeParameters(status.parameters));
  onFee?.(fee);
  const signed = signTransaction(identity.keyPair, fromHex(status.genesisRoot), {
    nonce: account.nextNonce,
    fee,
    validUntil: status.height + DEFAULT_LIFETIME,
    payload,
  });
  const id = await client.submitTransaction(SignedTransaction.serialize(signed));
  return { id, fee };
}
