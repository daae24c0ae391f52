/**
 * Signed transfers from many funded senders, for handing to the API of several nodes at once. A sender
 * stays with one node and its transfers are made in order, so that nonces arrive in order.
 */
import { POML } from "../../chain/amount.ts";
import { MAX_LIFETIME } from "../../chain/apply-transaction.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { devnetParameters } from "../../chain/genesis.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { payloadOf, SignedTransaction } from "../../chain/types/transaction.ts";
import { type Identity, newIdentity } from "../../node/wallet/key-file.ts";
import { feeFor, signTransaction } from "../../node/wallet/sign.ts";

export const SENDER_BALANCE = 1000n * POML;
const AMOUNT = 1000n;
/** For the fee alone, which does not depend on the engine. */
const PARAMETERS = devnetParameters(new Uint8Array(32));
const VALID_UNTIL = MAX_LIFETIME;

export interface Transfer {
  /** Hex. */
  readonly id: string;
  /** SSZ SignedTransaction. */
  readonly bytes: Uint8Array;
}

/** What one node is handed, in order. */
export class TransferQueue {
  readonly #make: () => Transfer;
  #ready: Transfer[] = [];
  #at = 0;

  constructor(make: () => Transfer) {
    this.#make = make;
  }

  /** Signs so many in advance. */
  prepare(count: number): void {
    this.#ready = this.#ready.slice(this.#at);
    this.#at = 0;
    while (this.#ready.length < count) this.#ready.push(this.#make());
  }

  take(count: number): Transfer[] {
    const taken = this.#ready.slice(this.#at, this.#at + count);
    this.#at += taken.length;
    while (taken.length < count) taken.push(this.#make());
    return taken;
  }
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
    const payload = payloadOf("transfer", { to: to.address, amount: AMOUNT });
    const fee = feeFor(payload, PARAMETERS);
    const draft = { nonce, fee, validUntil: VALID_UNTIL, payload };
    const signed = signTransaction(from.keyPair, this.#genesisRoot(), draft);
    const bytes = SignedTransaction.serialize(signed);
    return { id: toHex(transactionId(signed.transaction)), bytes };
  }

  /** The transfers of every `of`-th sender from `part` on, who take turns. */
  queue(part: number, of: number): TransferQueue {
    const own = Math.floor(this.senders.length / of);
    let turn = 0;
    return new TransferQueue(() => this.next(part + of * (turn++ % own)));
  }

  #sender(index: number): Identity {
    const sender = this.senders[index];
    if (sender === undefined) throw new RangeError(`no sender ${index}`);
    return sender;
  }
}
