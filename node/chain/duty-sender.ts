/**
 * Signs and sends this node's own transactions, one after another so that their nonces are consecutive, and looks after
 * each until it is final. It offers a transaction again, signs it again with the same nonce when a higher fee is
 * needed, and never signs it with another nonce while the chain could still include both. Transactions that are not
 * final when the node stops are continued when it starts.
 */
import { addressOf } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { TransactionError } from "../../chain/transaction-error.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import {
  type Payload,
  payloadOf,
  type SignedTransaction,
  type Transaction,
} from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { DEFAULT_LIFETIME, feeFor, signTransaction } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import { planNonces } from "./nonce-plan.ts";
import { isOfferDue, isToldDue } from "./offer-schedule.ts";
import { Outbox } from "./outbox.ts";
import type { OwnTransaction, OwnTransactions } from "./own-transactions.ts";
import { factsOf, hasPayload, isMovable, isSameWish, nonceOf, raised } from "./own-wish.ts";
import { stillApplies } from "./still-applies.ts";
import type { TransactionService } from "./transaction-service.ts";
import { waitingReason } from "./waiting-reason.ts";

/** final: in a block. overtaken: another transaction used its nonce. unknown: this node does not keep that block. */
export type Fate = "final" | "overtaken" | "unknown";

export interface DutySenderModules {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot" | "onBlock">;
  readonly mempool: Mempool;
  readonly transactions: Pick<TransactionService, "submit" | "offerAgain">;
  readonly own: OwnTransactions;
  readonly log: NodeLog;
  /**
   * The fate of a transaction whose nonce is used.
   * @param since height at which it was submitted
   */
  fate(id: Uint8Array, since: number): Promise<Fate>;
  /** Connected peers. */
  peers(): number;
  /** Prevents duties while this node's key signs elsewhere, and is told what this node signs. */
  readonly keyWatch?: KeyGuard;
}

/** Knows whether this node's key signs elsewhere, too. */
export interface KeyGuard {
  /** @throws KeyElsewhere */
  check(): void;
  /** Must be called before a transaction of this node is sent. */
  said(transaction: Transaction): void;
}

export interface WaitingOwn extends OwnTransaction {
  readonly id: Uint8Array;
  readonly reason: string;
}

const FILLER_AMOUNT = 1n;

interface Pending extends OwnTransaction {
  /** Why this node's own mempool does not accept it now. */
  readonly refusal?: string;
}

export class DutySender {
  readonly #keys: KeyPair;
  readonly #address: Uint8Array;
  readonly #modules: DutySenderModules;
  readonly #queue = new SerialQueue();
  readonly #outbox: Outbox;
  /** Not final yet, in nonce order. */
  #pending: readonly Pending[] = [];

  constructor({ keys }: { keys: KeyPair }, modules: DutySenderModules) {
    this.#keys = keys;
    this.#address = addressOf(keys.publicKey);
    this.#modules = modules;
    this.#outbox = new Outbox({
      height: () => modules.chain.height,
      waiting: () => this.#pending.length,
      submit: (payload, validUntil) => this.#queue.run(() => this.#sendNow(payload, validUntil)),
    });
    modules.chain.onBlock(() => {
      if (this.#pending.length > 0) void this.#queue.run(() => this.#recheck());
      this.#outbox.drain();
    });
  }

  /** Continues with the transactions that were not final when the node last stopped. */
  resume(): Promise<void> {
    return this.#queue.run(async () => {
      this.#pending = await this.#modules.own.load();
      for (const { signed } of this.#pending) this.#modules.keyWatch?.said(signed.transaction);
      if (this.#pending.length > 0) await this.#recheck();
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
    const same = this.#pending.find(({ signed }) => isSameWish(signed.transaction, payload));
    if (same === undefined) return this.#submit(payload, validUntil);
    const { transaction } = same.signed;
    if (hasPayload(transaction, payload)) return transactionId(transaction);
    return this.#signAgain(same, { payload, validUntil, fee: raised(transaction.fee) });
  }

  /** Transactions that are not final yet, with the reason; in nonce order. */
  waiting(): WaitingOwn[] {
    return this.#pending.map((pending) => {
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
    const { nonce: next } = chain.state.account(this.#address);
    const { nonce } = signed.transaction;
    const waited = chain.height - since;
    const facts = { address: this.#address, nonce, next, waited, peers: peers(), refusal };
    const isPending = (at: number) => this.#pending.find((one) => nonceOf(one) === at)?.signed;
    return waitingReason(facts, { at: (address, at) => isPending(at) ?? mempool.at(address, at) });
  }

  async #submit(payload: Payload, validUntil: number): Promise<Uint8Array> {
    const { chain, transactions } = this.#modules;
    const fee = feeFor(payload, chain.state.parameters);
    const signed = this.#sign({ nonce: this.nextNonce(), fee, validUntil, payload });
    const before = this.#pending;
    await this.#keep([...before, { signed, since: chain.height }]);
    try {
      return await transactions.submit(signed);
    } catch (error) {
      await this.#keep(before);
      throw error;
    }
  }

  /** The first nonce of this node's account that no waiting transaction uses. */
  nextNonce(): number {
    const { chain, mempool } = this.#modules;
    let { nonce } = chain.state.account(this.#address);
    const isTaken = (at: number): boolean =>
      this.#pending.some((one) => nonceOf(one) === at) ||
      mempool.at(this.#address, at) !== undefined;
    while (isTaken(nonce)) nonce++;
    return nonce;
  }

  #sign(draft: Parameters<typeof signTransaction>[2]): SignedTransaction {
    const { chain, keyWatch } = this.#modules;
    const signed = signTransaction(this.#keys, chain.genesisRoot, draft);
    keyWatch?.said(signed.transaction);
    return signed;
  }

  /** Written durably before anything is sent. */
  async #keep(pending: readonly Pending[]): Promise<void> {
    this.#pending = pending.toSorted((a, b) => nonceOf(a) - nonceOf(b));
    await this.#modules.own.save(this.#pending);
  }

  async #recheck(): Promise<void> {
    try {
      const open = await this.#stillOpen();
      const alive: Pending[] = [];
      for (const pending of open) alive.push(...(await this.#offerHere(pending)));
      const isChanged =
        alive.length !== this.#pending.length ||
        alive.some(({ signed }, i) => signed !== this.#pending[i]?.signed);
      if (isChanged) await this.#keep(alive);
      else this.#pending = alive;
      await this.#moveInto();
      await this.#raiseFees();
      this.#offerAndTell();
    } catch (error) {
      this.#modules.log.error("own transactions could not be looked after", {
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }

  /** Removes transactions that are final or useless. */
  async #stillOpen(): Promise<Pending[]> {
    const { chain, log, fate } = this.#modules;
    const { nonce: next } = chain.state.account(this.#address);
    const open: Pending[] = [];
    for (const pending of this.#pending) {
      const { transaction } = pending.signed;
      const facts = factsOf(pending);
      const became =
        transaction.nonce < next ? await fate(transactionId(transaction), pending.since) : "waits";
      if (became === "final") continue;
      if (became === "unknown" && !isMovable(transaction)) {
        log.warn(
          "the nonce of an own transaction is used, by this transaction or another one: it is not sent again",
          facts,
        );
      } else if (transaction.validUntil <= chain.height) {
        log.warn("an own transaction ran out before a block took it", facts);
      } else open.push(pending);
    }
    return open;
  }

  /**
   * Puts a transaction back into this node's own mempool if it was dropped.
   * @returns undefined for a transaction that has become useless
   */
  async #offerHere({ refusal: _, ...pending }: Pending): Promise<Pending[]> {
    const { chain, mempool, transactions, log } = this.#modules;
    const { transaction } = pending.signed;
    const { nonce: next } = chain.state.account(this.#address);
    if (transaction.nonce < next || mempool.has(transactionId(transaction))) return [pending];
    try {
      await transactions.submit(pending.signed);
      return [pending];
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      const isNext = transaction.nonce === next && error instanceof TransactionError;
      if (isNext && isMovable(transaction)) {
        log.debug("an own transaction has become useless", {
          ...factsOf(pending),
          code: error.code,
        });
        return [];
      }
      return [{ ...pending, refusal: error.message }];
    }
  }

  /**
   * Gives every transaction its nonce, so that no nonce is left unused below another one. A useless duty keeps its
   * nonce, under which peers may hold it, only while none of our transactions waits behind it.
   */
  async #moveInto(): Promise<void> {
    const { chain, mempool } = this.#modules;
    const { nonce: next } = chain.state.account(this.#address);
    const useless = this.#pending.filter(
      ({ signed }) => isDuty(signed.transaction) && !stillApplies(chain.state, signed, next),
    );
    const entries = this.#pending
      .filter((pending) => !useless.includes(pending))
      .map((pending) => {
        const { transaction } = pending.signed;
        return { pending, nonce: transaction.nonce, isMovable: isMovable(transaction) };
      });
    for (const overtaken of useless.filter((one) => nonceOf(one) < next)) {
      await this.#giveUp(overtaken);
    }
    const ours = new Set(
      this.#pending.map(({ signed }) => toHex(transactionId(signed.transaction))),
    );
    const plan = planNonces(next, entries, (nonce) => {
      const waiting = mempool.at(this.#address, nonce);
      return waiting !== undefined && !ours.has(toHex(transactionId(waiting.transaction)));
    });
    for (const { entry, nonce } of plan.assigned) {
      if (entry.nonce === nonce) continue;
      const fee = this.#feeOver(nonce, entry.pending.signed.transaction.fee);
      await this.#giveUp(useless.find((one) => nonceOf(one) === nonce));
      await this.#tryAgain(entry.pending, { nonce, fee });
    }
    for (const nonce of plan.gaps) {
      await this.#giveUp(useless.find((one) => nonceOf(one) === nonce));
      await this.#fill(nonce);
    }
  }

  async #giveUp(useless: Pending | undefined): Promise<void> {
    if (useless === undefined) return;
    const { log, mempool } = this.#modules;
    mempool.remove(transactionId(useless.signed.transaction));
    await this.#keep(this.#pending.filter((one) => one !== useless));
    log.debug("an own transaction has become useless", factsOf(useless));
  }

  /** The fee that replaces what peers may hold under this nonce. */
  #feeOver(nonce: number, fee: bigint): bigint {
    const { chain } = this.#modules;
    const held = this.#pending.find((one) => nonceOf(one) === nonce)?.signed.transaction.fee;
    const over = held === undefined ? fee : raised(held > fee ? held : fee);
    return chain.state.account(this.#address).balance > over ? over : fee;
  }

  /** For a nonce into which nothing can move: the smallest transfer that the chain accepts, to ourselves. */
  async #fill(nonce: number): Promise<void> {
    const { chain, transactions, log } = this.#modules;
    const payload = payloadOf("transfer", { to: this.#address, amount: FILLER_AMOUNT });
    const fee = feeFor(payload, chain.state.parameters);
    const validUntil = chain.height + DEFAULT_LIFETIME;
    const signed = this.#sign({ nonce, fee, validUntil, payload });
    const before = this.#pending;
    await this.#keep([...before, { signed, since: chain.height }]);
    try {
      await transactions.submit(signed);
      log.warn("a nonce without a transaction is filled with a transfer to ourselves", {
        nonce,
        fee: String(fee),
      });
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      await this.#keep(before);
      log.warn("a nonce without a transaction cannot be filled; those above it wait", {
        nonce,
        reason: error.message,
      });
    }
  }

  /** Raises fees when mempools are nearly full and require more. */
  async #raiseFees(): Promise<void> {
    const { chain, mempool, log } = this.#modules;
    for (const pending of this.#pending) {
      const { transaction } = pending.signed;
      const asked = mempool.askedFee(chain.state, transaction);
      if (asked <= transaction.fee) continue;
      const least = raised(transaction.fee);
      const fee = asked < least ? least : asked;
      log.info("the fee of an own transaction is raised", {
        ...factsOf(pending),
        fee: String(fee),
      });
      await this.#tryAgain(pending, { fee });
    }
  }

  async #tryAgain(pending: Pending, changes: { nonce?: number; fee: bigint }): Promise<void> {
    try {
      await this.#signAgain(pending, changes);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#modules.log.debug("an own transaction could not be signed again", {
        ...factsOf(pending),
        code: error.code,
      });
    }
  }

  /**
   * Signs the same transaction again with other values.
   * @throws MempoolError, TransactionError; then the old one goes on waiting, unless it moved
   */
  async #signAgain(
    pending: Pending,
    changes: Partial<Pick<Transaction, "nonce" | "fee" | "payload" | "validUntil">>,
  ): Promise<Uint8Array> {
    const { mempool, transactions, own } = this.#modules;
    const { transaction } = pending.signed;
    const signed = this.#sign({ ...transaction, ...changes });
    const others = this.#pending.filter((one) => one !== pending);
    const isMoved = signed.transaction.nonce !== transaction.nonce;
    const old = transactionId(transaction);
    const next = transactionId(signed.transaction);
    own.replace(old, next);
    await this.#keep([...others, { ...pending, signed }]);
    if (isMoved) mempool.remove(old);
    try {
      return await transactions.submit(signed);
    } catch (error) {
      if (!isMoved) await this.#keep([...others, pending]);
      throw error;
    }
  }

  #offerAndTell(): void {
    const { chain, transactions, log } = this.#modules;
    const due = this.#pending.filter(({ since }) => isOfferDue(chain.height - since));
    if (due.length > 0) transactions.offerAgain(due.map(({ signed }) => signed));
    for (const pending of this.#pending) {
      const blocks = chain.height - pending.since;
      if (!isToldDue(blocks)) continue;
      log.warn("an own transaction waits", {
        ...factsOf(pending),
        blocks,
        reason: this.#reasonOf(pending),
      });
    }
  }
}
