/**
 * Signs and sends this node's own transactions, one after another so that nonces follow each other, and
 * keeps each until it is final: offered again, signed again for the same nonce when more must be paid, and
 * never signed for another nonce while the chain could still take both. What is not final when the node
 * stops goes on when it starts.
 */
import { addressOf } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { TransactionError } from "../../chain/transaction-error.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import type { Payload, SignedTransaction, Transaction } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { transferPayload } from "../wallet/payload.ts";
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

/** final: in a block. overtaken: its nonce is used by another. unknown: that block is not kept here. */
export type Fate = "final" | "overtaken" | "unknown";

export interface DutySenderModules {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot" | "onBlock">;
  readonly mempool: Mempool;
  readonly transactions: Pick<TransactionService, "submit" | "offerAgain">;
  readonly own: OwnTransactions;
  readonly log: NodeLog;
  /** What became of a transaction whose nonce is used. @param since height when it was handed in */
  fate(id: Uint8Array, since: number): Promise<Fate>;
  /** Connected peers. */
  peers(): number;
  /** Forbids duties while this node's key signs elsewhere, and is told of what is said. */
  readonly keyWatch?: KeyGuard;
}

/** Knows whether this node's key signs elsewhere, too. */
export interface KeyGuard {
  /** @throws KeyElsewhere */
  check(): void;
  /** To be called before this node's own transactions leave. */
  said(transaction: Transaction): void;
}

export interface WaitingOwn extends OwnTransaction {
  readonly id: Uint8Array;
  readonly reason: string;
}

const FILLER_AMOUNT = 1n;

interface Pending extends OwnTransaction {
  /** Why this node's own mempool does not take it now. */
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

  /** Goes on with what was not final when the node last stopped. */
  resume(): Promise<void> {
    return this.#queue.run(async () => {
      this.#pending = await this.#modules.own.load();
      for (const { signed } of this.#pending) this.#modules.keyWatch?.said(signed.transaction);
      if (this.#pending.length > 0) await this.#recheck();
    });
  }

  /**
   * Sends a transaction, unless this very wish waits already; later, when the mempool has no more room for ours.
   * @param lifetime heights after which the transaction is worthless
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

  /** What is not final yet, and why; in nonce order. */
  waiting(): WaitingOwn[] {
    return this.#pending.map((pending) => {
      const { signed, since } = pending;
      const id = transactionId(signed.transaction);
      return { id, signed, since, reason: this.#reasonOf(pending) };
    });
  }

  /** The id under which a transaction goes on that was signed anew; else the one given. */
  currentId(id: Uint8Array): Uint8Array {
    return this.#modules.own.replacementOf(id) ?? id;
  }

  /** Waits for what is being sent. */
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

  /** The first nonce of this node's account that nothing waits for. */
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

  /** Durably, before anything leaves. */
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

  /** Leaves out what is final or worthless. */
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
        log.warn("an own transaction's nonce is used, by it or by another: not sent again", facts);
      } else if (transaction.validUntil <= chain.height) {
        log.warn("an own transaction ran out before a block took it", facts);
      } else open.push(pending);
    }
    return open;
  }

  /** Puts it into this node's own mempool again, if it fell out. @returns nothing for what is of no use any more */
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
        log.debug("an own transaction is of no use any more", {
          ...factsOf(pending),
          code: error.code,
        });
        return [];
      }
      return [{ ...pending, refusal: error.message }];
    }
  }

  /**
   * Gives every transaction its nonce, so that none is left out below another. A duty that is of no use any more
   * keeps its nonce, which peers hold for it, only while none of ours waits above.
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
    log.debug("an own transaction is of no use any more", factsOf(useless));
  }

  /** To take the place of what peers may hold under this nonce. */
  #feeOver(nonce: number, fee: bigint): bigint {
    const { chain } = this.#modules;
    const held = this.#pending.find((one) => nonceOf(one) === nonce)?.signed.transaction.fee;
    const over = held === undefined ? fee : raised(held > fee ? held : fee);
    return chain.state.account(this.#address).balance > over ? over : fee;
  }

  /** A nonce that nothing can move into: the least that the chain takes, to ourselves. */
  async #fill(nonce: number): Promise<void> {
    const { chain, transactions, log } = this.#modules;
    const payload = transferPayload(this.#address, FILLER_AMOUNT);
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

  /** Mempools that are nearly full ask for more. */
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

  /** The same wish in other bytes. @throws MempoolError, TransactionError: the old one waits on, unless it moved */
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
