/**
 * Signed transfers from many funded senders, handed to the API of several nodes at once. Senders take
 * turns and stay with one node, so that nonces arrive in order.
 */
import { setTimeout as delay } from "node:timers/promises";
import { MAX_LIFETIME } from "../../chain/apply-transaction.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { devnetParameters, POML } from "../../chain/genesis.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { ApiError } from "../../node/api/api-error.ts";
import type { PomlClient } from "../../node/api/client.ts";
import { type Identity, newIdentity } from "../../node/wallet/key-file.ts";
import { transferPayload } from "../../node/wallet/payload.ts";
import { feeFor, signTransaction } from "../../node/wallet/sign.ts";

export const SENDER_BALANCE = 1000n * POML;
const AMOUNT = 1000n;
/** For the fee alone, which does not depend on the engine. */
const PARAMETERS = devnetParameters(new Uint8Array(32));
const VALID_UNTIL = MAX_LIFETIME;
/** The node is told to slow down, not asked again at once. */
const BACK_OFF_MS = 50;
const BUSY: ReadonlySet<number> = new Set([429, 503]);

export interface Transfer {
  /** Hex. */
  readonly id: string;
  /** SSZ SignedTransaction. */
  readonly bytes: Uint8Array;
}

export interface SubmitStats {
  submitted: number;
  /** Answers that asked to slow down. */
  slowDowns: number;
}

export class TransferLoad {
  readonly senders: readonly Identity[];
  readonly #genesisRoot: () => Uint8Array;
  readonly #nonces: number[];

  constructor(senders: number, genesisRoot: () => Uint8Array) {
    this.senders = Array.from({ length: senders }, newIdentity);
    this.#nonces = this.senders.map(() => 0);
    this.#genesisRoot = genesisRoot;
  }

  get accounts(): { address: Uint8Array; balance: bigint }[] {
    return this.senders.map(({ address }) => ({ address, balance: SENDER_BALANCE }));
  }

  /** The next transfer of a sender, to the sender after it. @param index below `senders.length` */
  next(index: number): Transfer {
    const from = this.#sender(index);
    const to = this.#sender((index + 1) % this.senders.length);
    const nonce = this.#nonces[index] ?? 0;
    this.#nonces[index] = nonce + 1;
    const payload = transferPayload(to.address, AMOUNT);
    const fee = feeFor(payload, PARAMETERS);
    const draft = { nonce, fee, validUntil: VALID_UNTIL, payload };
    const signed = signTransaction(from.keyPair, this.#genesisRoot(), draft);
    const bytes = SignedTransaction.serialize(signed);
    return { id: toHex(transactionId(signed.transaction)), bytes };
  }

  #sender(index: number): Identity {
    const sender = this.senders[index];
    if (sender === undefined) throw new RangeError(`no sender ${index}`);
    return sender;
  }
}

/** Hands in transfers one after another until `isOver`; told to slow down, it does. */
export async function submitUntil(
  client: PomlClient,
  next: () => Transfer | undefined,
  options: {
    readonly isOver: () => boolean;
    readonly stats: SubmitStats;
  },
): Promise<void> {
  let transfer: Transfer | undefined;
  while (!options.isOver()) {
    transfer ??= next();
    if (transfer === undefined) {
      await delay(BACK_OFF_MS);
      continue;
    }
    try {
      await client.submitTransaction(transfer.bytes);
      options.stats.submitted++;
      transfer = undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || !BUSY.has(error.status)) throw error;
      options.stats.slowDowns++;
      await delay(BACK_OFF_MS);
    }
  }
}
