/**
 * The transactions that wait for a block. Pure: the caller verifies signatures and passes in the state of the head.
 * admission.ts and sender-limits.ts decide which transactions enter, eviction.ts which are dropped when the pool is
 * full, and selection.ts which a block takes.
 */
import { addressKey, addressOf } from "../crypto/address.ts";
import { bytesKey } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import type { State } from "../state/state.ts";
import { transactionId } from "../transaction-id.ts";
import { isDuty } from "../transactions/fee.ts";
import { ruleOf } from "../transactions/rules.ts";
import { kindOf, SignedTransaction, type Transaction } from "../types/transaction.ts";
import {
  askedFee,
  checkAdmission,
  checkNext,
  checkNonce,
  checkReplacement,
  isFree,
  isRated,
} from "./admission.ts";
import { type Entry, lastOf, nonceAfterRun, type Sender } from "./entry.ts";
import { Eviction } from "./eviction.ts";
import { FreePlaces } from "./free-places.ts";
import { MEMPOOL_LIMITS, type MempoolLimits } from "./limits.ts";
import { MempoolError } from "./mempool-error.ts";
import { selectTransactions } from "./selection.ts";
import { checkCount, checkFree, checkNonceGap } from "./sender-limits.ts";

/** Expired transactions are removed every so many heights. */
const EXPIRY_PERIOD = 16;

export class Mempool {
  readonly #limits: MempoolLimits;
  /** By address. */
  readonly #senders = new Map<string, Sender>();
  readonly #ids = new Map<string, Entry>();
  readonly #free: FreePlaces;
  readonly #eviction = new Eviction((entry) => this.#ids.get(entry.id) === entry);
  #bytes = 0;
  #arrivals = 0;

  constructor(limits: MempoolLimits = MEMPOOL_LIMITS) {
    this.#limits = limits;
    this.#free = new FreePlaces(limits);
  }

  get size(): number {
    return this.#ids.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: Uint8Array): SignedTransaction | undefined {
    return this.#ids.get(bytesKey(id))?.signed;
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(bytesKey(id));
  }

  /** The transaction that waits with a nonce of an account. */
  at(address: Uint8Array, nonce: number): SignedTransaction | undefined {
    return this.#senders.get(addressKey(address))?.waiting.get(nonce)?.signed;
  }

  /** The fee that a transaction must offer to enter now, in micro-POML; it rises while the pool is nearly full. */
  askedFee(state: State, transaction: Transaction): bigint {
    return askedFee(state, transaction, this.#feeFactor());
  }

  /**
   * Returns the waiting object that equals the given one, or else the given one. So work that was done for it (root,
   * signatures) is not repeated.
   */
  known(signed: SignedTransaction): SignedTransaction {
    const { sender, nonce } = signed.transaction;
    const waiting = this.#senders.get(addressKey(addressOf(sender)))?.waiting.get(nonce);
    if (waiting === undefined || !SignedTransaction.equals(waiting.signed, signed)) return signed;
    return waiting.signed;
  }

  /**
   * Refuses transactions whose signature need not be checked, because they wait here or are in a block already. Duties
   * are always checked, because they may prove a fault.
   * @throws MempoolError ALREADY_KNOWN, NONCE_TOO_LOW
   */
  checkFresh(state: State, signed: SignedTransaction): void {
    if (this.known(signed) !== signed) throw alreadyKnown();
    const { transaction } = signed;
    const { nonce } = state.account(addressOf(transaction.sender));
    if (!isDuty(transaction)) checkNonce(nonce, transaction.nonce);
  }

  /** The next free nonce of an account, after the transactions that wait here. */
  nextNonce(state: State, address: Uint8Array): number {
    const { nonce } = state.account(address);
    const sender = this.#senders.get(addressKey(address));
    return sender === undefined ? nonce : nonceAfterRun(sender, nonce);
  }

  /**
   * Adds a transaction whose signature has been verified. If its nonce is the next one, it is tried on the state of the
   * head, so that its sender learns at once if it can never apply.
   * @throws MempoolError, TransactionError
   */
  add(state: State, signed: SignedTransaction): void {
    const { transaction } = signed;
    const id = bytesKey(transactionId(transaction));
    if (this.#ids.has(id)) throw alreadyKnown();
    const bytes = SignedTransaction.value_serializedSize(signed);
    const address = addressOf(transaction.sender);
    const key = addressKey(address);
    const sender = this.#senders.get(key) ?? { key, address, waiting: new Map(), served: -1 };
    const account = state.account(address);
    checkAdmission(
      { state, account, limits: this.#limits, feeFactor: this.#feeFactor() },
      transaction,
      bytes,
    );
    checkNonceGap(sender, account.nonce, transaction.nonce, this.#limits);
    const replaced = sender.waiting.get(transaction.nonce);
    if (replaced !== undefined) checkReplacement(replaced.signed, signed);
    else checkCount(sender, this.#limits);
    const { nonce, fee } = transaction;
    const duty = isFree(state, transaction);
    const order = this.#arrivals++;
    const rated = duty && isRated(state, transaction);
    const entry: Entry = {
      id,
      signed,
      sender,
      nonce,
      fee,
      bytes,
      duty,
      rated,
      order,
      since: state.height,
    };
    if (duty) {
      this.#free.checkQuota(entry, replaced);
      checkFree(state, account, entry, this.#limits);
      if (nonce === account.nonce) entry.rests = restsOn(state, entry);
    } else if (nonce === account.nonce) checkNext(state, account, signed);
    this.#put(entry, replaced);
  }

  #put(entry: Entry, replaced: Entry | undefined): void {
    for (const gone of this.#roomFor(entry, replaced)) this.#drop(gone);
    const { sender } = entry;
    sender.waiting.set(entry.nonce, entry);
    this.#senders.set(sender.key, sender);
    this.#ids.set(entry.id, entry);
    this.#bytes += entry.bytes;
    if (entry.duty) this.#free.add(entry);
    const last = lastOf(sender);
    if (last !== undefined) this.#eviction.offer(last);
    this.#eviction.tidy(this.#ids.size, this.#ids.values());
  }

  /** The entries to drop for a newcomer; nothing is dropped if the newcomer does not get in. */
  #roomFor(newcomer: Entry, replaced: Entry | undefined): ReadonlySet<Entry> {
    const { transactions, bytes: limit } = this.#limits;
    const gone = new Set(replaced === undefined ? [] : [replaced]);
    const isEnough = (): boolean => {
      let bytes = this.#bytes + newcomer.bytes;
      for (const entry of gone) bytes -= entry.bytes;
      return this.#ids.size - gone.size + 1 <= transactions && bytes <= limit;
    };
    const hasPlace = !newcomer.duty || this.#free.makeRoom(newcomer, gone);
    if (hasPlace && (isEnough() || this.#eviction.pick(newcomer, gone, isEnough))) return gone;
    throw new MempoolError(
      "the mempool is full",
      { code: "MEMPOOL_FULL", limit: transactions },
      "offer a higher fee or try again later",
    );
  }

  /** The factor for fees: it doubles for every tenth of the pool above 80 %. */
  #feeFactor(): bigint {
    const { transactions, bytes } = this.#limits;
    const fill = Math.max(this.#ids.size / transactions, this.#bytes / bytes);
    return fill <= 0.8 ? 1n : 1n << BigInt(Math.ceil((fill - 0.8) * 10));
  }

  #drop(entry: Entry): void {
    const { sender } = entry;
    sender.waiting.delete(entry.nonce);
    if (sender.waiting.size === 0) this.#senders.delete(sender.key);
    this.#ids.delete(entry.id);
    if (entry.duty) this.#free.remove(entry);
    this.#bytes -= entry.bytes;
  }

  /** Drops a transaction that no block will take; the one before it becomes the last of its sender. */
  #dropTail(entry: Entry): void {
    this.#drop(entry);
    const last = lastOf(entry.sender);
    if (last !== undefined) this.#eviction.offer(last);
  }

  /** Forgets transactions that a new block made final, stale or expired. Only affected senders are checked. */
  afterBlock(state: State, included: readonly SignedTransaction[]): void {
    const touched = new Set<Sender>();
    for (const { transaction } of included) {
      const sender = this.#senders.get(addressKey(addressOf(transaction.sender)));
      if (sender === undefined) continue;
      touched.add(sender);
      sender.served = this.#arrivals++;
    }
    for (const sender of touched) {
      const { nonce } = state.account(sender.address);
      for (const entry of sender.waiting.values()) if (entry.nonce < nonce) this.#drop(entry);
    }
    for (const sender of touched) this.#recheck(state, sender);
    // Duties depend on jobs and windows, which others change, so they are tried again after every block.
    for (const sender of this.#free.senders()) {
      if (!touched.has(sender) && !this.#isAsTried(state, sender)) this.#recheck(state, sender);
    }
    if (state.height % EXPIRY_PERIOD === 0) this.#dropExpired(state.height);
  }

  /** Drops a transaction with the next nonce that can no longer apply. */
  #recheck(state: State, sender: Sender): void {
    const account = state.account(sender.address);
    const next = sender.waiting.get(account.nonce);
    if (next === undefined) return;
    try {
      checkNext(state, account, next.signed);
      next.rests = restsOn(state, next);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#dropTail(next);
    }
  }

  /** Whether the transaction with the next nonce would give the same result as in its last trial. */
  #isAsTried(state: State, { address, waiting }: Sender): boolean {
    const next = waiting.get(state.account(address).nonce);
    if (next?.rests === undefined) return false;
    const now = restsOn(state, next);
    return next.rests.every((one, i) => one === now?.[i]);
  }

  #dropExpired(height: number): void {
    const { waitBlocks } = this.#limits;
    for (const entry of [...this.#ids.values()]) {
      const { validUntil } = entry.signed.transaction;
      if (validUntil <= height || entry.since + waitBlocks <= height) this.#dropTail(entry);
    }
  }

  /** Removes a transaction that turned out to be inapplicable. */
  remove(id: Uint8Array): void {
    const entry = this.#ids.get(bytesKey(id));
    if (entry !== undefined) this.#dropTail(entry);
  }

  /**
   * Candidates for the next block: first the duties of nodes with weight in turn, then the others by fee; each sender
   * in nonce order.
   * @param limitBytes stop when so many bytes are collected
   */
  select(state: State, limitBytes: number, limitCount: number): SignedTransaction[] {
    const limits = { bytes: limitBytes, count: limitCount };
    return selectTransactions(state, this.#senders.values(), limits);
  }

  /** All waiting transactions, to announce them again. */
  transactions(): SignedTransaction[] {
    return [...this.#ids.values()].map(({ signed }) => signed);
  }
}

function restsOn(state: State, { signed }: Entry): readonly unknown[] | undefined {
  const { transaction } = signed;
  return ruleOf(kindOf(transaction)).restsOn?.(state, transaction.sender);
}

function alreadyKnown(): MempoolError {
  return new MempoolError("known already", { code: "ALREADY_KNOWN" });
}
