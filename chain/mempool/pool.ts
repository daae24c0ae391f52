/**
 * The transactions waiting for a block: replacement, eviction and selection. Pure: the caller
 * verifies signatures and passes the state of the head. What gets in is in admission.ts.
 */

import { addressOf, formatAddress } from "../crypto/address.ts";
import { toHex } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import type { State } from "../state/state.ts";
import { transactionId } from "../transaction-id.ts";
import { SignedTransaction } from "../types/transaction.ts";
import { checkAdmission, checkReplacement, dryRun, isFree } from "./admission.ts";
import { MEMPOOL_LIMITS, type MempoolLimits } from "./limits.ts";
import { MempoolError } from "./mempool-error.ts";

interface Entry {
  readonly id: string;
  readonly signed: SignedTransaction;
  readonly bytes: number;
  readonly duty: boolean;
  /** Order of arrival. */
  readonly order: number;
}

export class Mempool {
  readonly #limits: MempoolLimits;
  /** By sender, then by nonce. */
  readonly #senders = new Map<string, Map<number, Entry>>();
  readonly #ids = new Map<string, Entry>();
  #bytes = 0;
  #arrivals = 0;

  constructor(limits: MempoolLimits = MEMPOOL_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#ids.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: Uint8Array): SignedTransaction | undefined {
    return this.#ids.get(toHex(id))?.signed;
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(toHex(id));
  }

  /** Next free nonce of an account, counting what waits here. */
  nextNonce(state: State, address: Uint8Array): number {
    const waiting = this.#senders.get(formatAddress(address));
    let nonce = state.account(address).nonce;
    while (waiting?.has(nonce) === true) nonce++;
    return nonce;
  }

  /**
   * Takes a transaction whose signature has been verified. One that is next in turn is tried on the
   * head state, so that its sender learns at once why it would never apply.
   * @throws MempoolError, TransactionError
   */
  add(state: State, signed: SignedTransaction): void {
    const { transaction } = signed;
    const id = toHex(transactionId(transaction));
    if (this.#ids.has(id)) throw new MempoolError("known already", { code: "ALREADY_KNOWN" });
    const bytes = SignedTransaction.value_serializedSize(signed);
    const address = addressOf(transaction.sender);
    const sender = formatAddress(address);
    checkAdmission(state, signed, bytes, this.#limits, this.#feeFactor());
    const waiting = this.#senders.get(sender) ?? new Map<number, Entry>();
    const replaced = waiting.get(transaction.nonce);
    if (replaced !== undefined) checkReplacement(replaced.signed, signed);
    else if (waiting.size >= this.#limits.perSender) {
      throw new MempoolError(
        `the sender has ${waiting.size} transactions waiting`,
        { code: "SENDER_FULL", limit: this.#limits.perSender },
        "wait for some to be final",
      );
    }
    if (transaction.nonce === state.account(address).nonce) dryRun(state, signed);
    const duty = isFree(state, transaction);
    const entry = { id, signed, bytes, duty, order: this.#arrivals++ };
    for (const evicted of this.#toEvict(entry, replaced)) this.#drop(evicted);
    waiting.set(transaction.nonce, entry);
    this.#senders.set(sender, waiting);
    this.#ids.set(id, entry);
    this.#bytes += bytes;
  }

  /** What fees are multiplied by: doubles for every tenth of the pool above 80 %. */
  #feeFactor(): bigint {
    const fill = Math.max(
      this.#ids.size / this.#limits.transactions,
      this.#bytes / this.#limits.bytes,
    );
    return 1n << BigInt(Math.max(0, Math.ceil((fill - 0.8) * 10)));
  }

  /** What goes for a newcomer; nothing is dropped for one that does not get in after all. */
  #toEvict(newcomer: Entry, replaced: Entry | undefined): ReadonlySet<Entry> {
    const { transactions, bytes: limit } = this.#limits;
    const gone = new Set(replaced === undefined ? [] : [replaced]);
    let bytes = this.#bytes + newcomer.bytes - (replaced?.bytes ?? 0);
    while (this.#ids.size - gone.size + 1 > transactions || bytes > limit) {
      const cheapest = this.#cheapestTail(newcomer, gone);
      if (cheapest === undefined || (!newcomer.duty && feeOf(cheapest) >= feeOf(newcomer))) {
        throw new MempoolError(
          "the mempool is full",
          { code: "MEMPOOL_FULL", limit: transactions },
          "offer a higher fee or try again later",
        );
      }
      gone.add(cheapest);
      bytes -= cheapest.bytes;
    }
    return gone;
  }

  /** The lowest fee among the last transactions of the other senders: dropping it leaves no gap. */
  #cheapestTail(newcomer: Entry, gone: ReadonlySet<Entry>): Entry | undefined {
    const own = senderOf(newcomer);
    let cheapest: Entry | undefined;
    for (const [sender, waiting] of this.#senders) {
      if (sender === own) continue;
      let last: Entry | undefined;
      for (const entry of waiting.values()) {
        if (!gone.has(entry) && (last === undefined || nonceOf(entry) > nonceOf(last)))
          last = entry;
      }
      if (last === undefined || last.duty) continue;
      if (cheapest === undefined || feeOf(last) < feeOf(cheapest)) cheapest = last;
    }
    return cheapest;
  }

  #drop(entry: Entry): void {
    const key = senderOf(entry);
    const waiting = this.#senders.get(key);
    waiting?.delete(nonceOf(entry));
    if (waiting?.size === 0) this.#senders.delete(key);
    this.#ids.delete(entry.id);
    this.#bytes -= entry.bytes;
  }

  /** Forgets what a new block made final, stale or expired. Only touched senders are looked at. */
  afterBlock(state: State, included: readonly SignedTransaction[]): void {
    const touched = new Set(
      included.map(({ transaction }) => formatAddress(addressOf(transaction.sender))),
    );
    for (const sender of touched) {
      for (const entry of [...(this.#senders.get(sender)?.values() ?? [])]) {
        const { transaction } = entry.signed;
        if (transaction.nonce < state.account(addressOf(transaction.sender)).nonce)
          this.#drop(entry);
      }
    }
    this.#recheck(state, touched);
    if (state.height % 16 === 0) this.#dropExpired(state.height);
  }

  /**
   * Drops what cannot apply any more. Duties depend on jobs and windows that others move, so they
   * are tried after every block; of other senders only the touched ones are.
   */
  #recheck(state: State, touched: ReadonlySet<string>): void {
    for (const [sender, waiting] of [...this.#senders]) {
      const next = waiting.get(Math.min(...waiting.keys()));
      if (next === undefined || !(next.duty || touched.has(sender))) continue;
      const { transaction } = next.signed;
      if (transaction.nonce !== state.account(addressOf(transaction.sender)).nonce) continue;
      try {
        dryRun(state, next.signed);
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
        this.#drop(next);
      }
    }
  }

  #dropExpired(height: number): void {
    for (const entry of [...this.#ids.values()]) {
      if (entry.signed.transaction.validUntil <= height) this.#drop(entry);
    }
  }

  /** Removes a transaction that turned out not to apply. */
  remove(id: Uint8Array): void {
    const entry = this.#ids.get(toHex(id));
    if (entry !== undefined) this.#drop(entry);
  }

  /**
   * Candidates for the next block: duties first, then by fee, each sender in nonce order.
   * @param limitBytes stop when so many bytes are collected
   */
  select(state: State, limitBytes: number, limitCount: number): SignedTransaction[] {
    const ready = [...this.#senders.values()].map((waiting) => {
      const entries = [...waiting.values()].sort((a, b) => nonceOf(a) - nonceOf(b));
      return chainFrom(state, entries);
    });
    const heads = ready.filter((queue) => queue.length > 0);
    heads.sort((a, b) => comparePriority(a[0], b[0]));
    const selected: SignedTransaction[] = [];
    let bytes = 0;
    for (const queue of heads) {
      for (const entry of queue) {
        if (selected.length >= limitCount || bytes + entry.bytes > limitBytes) return selected;
        selected.push(entry.signed);
        bytes += entry.bytes;
      }
    }
    return selected;
  }

  /** All ids, for re-announcing. */
  transactions(): SignedTransaction[] {
    return [...this.#ids.values()].map(({ signed }) => signed);
  }
}

function nonceOf({ signed }: Entry): number {
  return signed.transaction.nonce;
}

function feeOf({ signed }: Entry): bigint {
  return signed.transaction.fee;
}

function senderOf({ signed }: Entry): string {
  return formatAddress(addressOf(signed.transaction.sender));
}

/** The run of consecutive nonces that can apply now. */
function chainFrom(state: State, entries: readonly Entry[]): Entry[] {
  const first = entries[0];
  if (first === undefined) return [];
  let next = state.account(addressOf(first.signed.transaction.sender)).nonce;
  const run: Entry[] = [];
  for (const entry of entries) {
    if (nonceOf(entry) !== next) break;
    run.push(entry);
    next++;
  }
  return run;
}

function comparePriority(a: Entry | undefined, b: Entry | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (a.duty !== b.duty) return a.duty ? -1 : 1;
  const [feeA, feeB] = [feeOf(a), feeOf(b)];
  return feeA === feeB ? a.order - b.order : feeA > feeB ? -1 : 1;
}
