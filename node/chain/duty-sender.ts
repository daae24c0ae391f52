/**
 * Signs and sends this node's own transactions, one after another so that their nonces are consecutive, and looks after
 * each until it is final (pending-upkeep.ts). Transactions that are not final when the node stops are continued when it
 * starts.
 */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import type { Payload } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { DEFAULT_LIFETIME } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import type { KeyGuard } from "./key-guard.ts";
import { NonceGaps } from "./nonce-gaps.ts";
import { Outbox } from "./outbox.ts";
import { OwnSigner } from "./own-signer.ts";
import type { OwnTransaction, OwnTransactions } from "./own-transactions.ts";
import { hasPayload, isSameWish, raised } from "./own-wish.ts";
import { type Pending, PendingTransactions } from "./pending-transactions.ts";
import { PendingUpkeep, type PendingUpkeepModules } from "./pending-upkeep.ts";
import type { TransactionService } from "./transaction-service.ts";
import { waitingReason } from "./waiting-reason.ts";

export interface DutySenderModules {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot" | "onBlock">;
  readonly mempool: Mempool;
  readonly transactions: Pick<TransactionService, "submit" | "offerAgain">;
  readonly own: OwnTransactions;
  readonly log: NodeLog;
  readonly fate: PendingUpkeepModules["fate"];
  /** Connected peers. */
  peers(): number;
  /** Prevents duties while this node's key signs elsewhere, and is told what this node signs. */
  readonly keyWatch?: KeyGuard;
}

export interface WaitingOwn extends OwnTransaction {
  readonly id: Uint8Array;
  readonly reason: string;
}

export class DutySender {
  readonly #modules: DutySenderModules;
  readonly #queue = new SerialQueue();
  readonly #outbox: Outbox;
  readonly #pending: PendingTransactions;
  readonly #signer: OwnSigner;
  readonly #upkeep: PendingUpkeep;

  constructor({ keys }: { keys: KeyPair }, modules: DutySenderModules) {
    this.#modules = modules;
    const pending = new PendingTransactions(modules.own);
    this.#pending = pending;
    const signer = new OwnSigner(keys, { ...modules, pending });
    this.#signer = signer;
    this.#upkeep = new PendingUpkeep({
      ...modules,
      pending,
      signer,
      gaps: new NonceGaps({ ...modules, pending, signer }),
      reasonOf: (entry) => this.#reasonOf(entry),
    });
    this.#outbox = new Outbox({
      height: () => modules.chain.height,
      waiting: () => pending.all.length,
      submit: (payload, validUntil) => this.#queue.run(() => this.#sendNow(payload, validUntil)),
    });
    modules.chain.onBlock(() => {
      if (pending.all.length > 0) void this.#queue.run(() => this.#upkeep.recheck());
      this.#outbox.drain();
    });
  }

  /** Continues with the transactions that were not final when the node last stopped. */
  resume(): Promise<void> {
    return this.#queue.run(async () => {
      await this.#pending.load();
      for (const { signed } of this.#pending.all) this.#modules.keyWatch?.said(signed.transaction);
      if (this.#pending.all.length > 0) await this.#upkeep.recheck();
    });
  }

  /**
   * Sends a transaction, unless the same one already waits; later, if the mempool has no room for more of ours.
   * @param lifetime number of heights after which the transaction is useless
   * @returns the transaction's id
   * @throws MempoolError, TransactionError; KeyElsewhere for a duty
   */
  send(payload: Payload, lifetime: number = DEFAULT_LIFETIME): Promise<Uint8Array> {
    const validUntil = this.#modules.chain.height + lifetime;
    return this.#outbox.send(payload, validUntil, isDuty({ payload }));
  }

  async #sendNow(payload: Payload, validUntil: number): Promise<Uint8Array> {
    if (isDuty({ payload })) this.#modules.keyWatch?.check();
    const same = this.#pending.all.find(({ signed }) => isSameWish(signed.transaction, payload));
    if (same === undefined) {
      return this.#signer.submit({ nonce: this.nextNonce(), payload, validUntil });
    }
    const { transaction } = same.signed;
    if (hasPayload(transaction, payload)) return transactionId(transaction);
    return this.#signer.signAgain(same, { payload, validUntil, fee: raised(transaction.fee) });
  }

  /** Transactions that are not final yet, with the reason; in nonce order. */
  waiting(): WaitingOwn[] {
    return this.#pending.all.map((pending) => {
      const { signed, since } = pending;
      const id = transactionId(signed.transaction);
      return { id, signed, since, reason: this.#reasonOf(pending) };
    });
  }

  /** The new id of a transaction that was signed again; otherwise the given one. */
  currentId(id: Uint8Array): Uint8Array {
    return this.#modules.own.replacementOf(id) ?? id;
  }

  /** Waits until all sending is done. */
  async idle(): Promise<void> {
    await this.#queue.idle();
  }

  #reasonOf({ signed, since, refusal }: Pending): string {
    const { chain, mempool, peers } = this.#modules;
    const { nonce: next } = chain.state.account(this.#signer.address);
    const { nonce } = signed.transaction;
    const waited = chain.height - since;
    const facts = { address: this.#signer.address, nonce, next, waited, peers: peers(), refusal };
    return waitingReason(facts, {
      at: (address, at) => this.#pending.at(at)?.signed ?? mempool.at(address, at),
    });
  }

  /** The first nonce of this node's account that no waiting transaction uses. */
  nextNonce(): number {
    return this.#signer.nextNonce();
  }
}
