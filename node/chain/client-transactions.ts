/**
 * The transactions that clients submitted at this node, kept until they are final: offered to neighbours again, put
 * back into the mempool when it dropped them, and submitted again after a restart. They arrived signed, so nothing in
 * them can be changed; the reason why one waits can be queried.
 */
import { addressKey, addressOf } from "../../chain/crypto/address.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Chain } from "./chain.ts";
import type { WaitingOwn } from "./duty-sender.ts";
import { isOfferDue } from "./offer-schedule.ts";
import type { OwnTransaction, OwnTransactions } from "./own-transactions.ts";
import type { TransactionService } from "./transaction-service.ts";
import { waitingReason } from "./waiting-reason.ts";

export interface ClientTransactionModules {
  readonly chain: Pick<Chain, "state" | "height" | "onBlock">;
  readonly mempool: Mempool;
  readonly transactions: Pick<TransactionService, "submitAll" | "offerAgain">;
  readonly own: OwnTransactions;
  readonly log: NodeLog;
  /** Connected peers. */
  peers(): number;
}

/** At most so many transactions are looked after; the rest depends on gossip alone. */
const LIMIT = 4096;
/**
 * At most so many are kept across a restart, oldest first. Transactions that go into the next block are never written.
 */
const KEPT = 256;
const KEPT_AFTER = 2;
/** Blocks between two writes. */
const SAVE_EVERY = 4;

export class ClientTransactions {
  readonly #modules: ClientTransactionModules;
  readonly #queue = new SerialQueue();
  #waiting: readonly OwnTransaction[] = [];
  #saved = "";
  #isQueued = false;

  constructor(modules: ClientTransactionModules) {
    this.#modules = modules;
    modules.chain.onBlock(() => {
      if (this.#isQueued || (this.#waiting.length === 0 && this.#saved === "")) return;
      this.#isQueued = true;
      void this.#queue.run(() => this.#recheck());
    });
  }

  /** Continues with the transactions that were not final when the node last stopped. */
  resume(): Promise<void> {
    return this.#queue.run(async () => {
      const loaded = await this.#modules.own.load();
      this.#waiting = [...loaded, ...this.#waiting];
      if (loaded.length > 0) await this.#recheck();
    });
  }

  /** Looks after transactions that this node's mempool has accepted. */
  keep(all: readonly SignedTransaction[]): void {
    const since = this.#modules.chain.height;
    const room = Math.max(0, LIMIT - this.#waiting.length);
    const taken = all.slice(0, room).map((signed) => ({ signed, since }));
    this.#waiting = [...this.#waiting, ...taken];
  }

  /** The transactions of one key that are not final yet, with the reason. */
  of(publicKey: Uint8Array): WaitingOwn[] {
    const { chain, mempool, peers } = this.#modules;
    const address = addressOf(publicKey);
    const { nonce: next } = chain.state.account(address);
    return this.#waiting
      .filter(({ signed }) => equalBytes(signed.transaction.sender, publicKey))
      .filter(({ signed }) => signed.transaction.nonce >= next)
      .map(({ signed, since }) => {
        const { nonce } = signed.transaction;
        const id = transactionId(signed.transaction);
        const refusal = mempool.has(id) ? undefined : "the mempool of this node let it go";
        const waited = chain.height - since;
        const facts = { address, nonce, next, waited, peers: peers(), refusal };
        return { id, signed, since, reason: waitingReason(facts, mempool) };
      });
  }

  get count(): number {
    return this.#waiting.length;
  }

  async idle(): Promise<void> {
    await this.#queue.idle();
  }

  async #recheck(): Promise<void> {
    this.#isQueued = false;
    const { chain, mempool, transactions, log } = this.#modules;
    const { state, height } = chain;
    this.#waiting = this.#waiting.filter(({ signed: { transaction } }) => {
      const { nonce } = state.account(addressOf(transaction.sender));
      return transaction.nonce >= nonce && transaction.validUntil > height;
    });
    const due = this.#waiting.filter(({ since }) => isOfferDue(height - since));
    try {
      const lost = due.filter(({ signed }) => !mempool.has(transactionId(signed.transaction)));
      if (lost.length > 0) await transactions.submitAll(lost.map(({ signed }) => signed));
      const held = due.filter(({ signed }) => mempool.has(transactionId(signed.transaction)));
      if (held.length > 0) transactions.offerAgain(held.map(({ signed }) => signed));
      if (height % SAVE_EVERY === 0) await this.#save();
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      log.debug("transactions of clients will be looked at again later", { code: error.code });
    }
  }

  async #save(): Promise<void> {
    const { chain, own } = this.#modules;
    const kept = this.#waiting
      .filter(({ since }) => chain.height - since >= KEPT_AFTER)
      .slice(0, KEPT);
    const names = kept
      .map(
        ({ signed: { transaction } }) =>
          `${addressKey(addressOf(transaction.sender))}/${transaction.nonce}`,
      )
      .join();
    if (names === this.#saved) return;
    this.#saved = names;
    await own.save(kept);
  }
}
