/**
 * The transactions waiting for a block: admission, replacement, eviction and selection. Pure: the
 * caller verifies signatures and passes the state of the head.
 */
import { applyTransaction, transactionId } from "../apply-transaction.ts";
import { addressOf, formatAddress } from "../crypto/address.ts";
import { toHex } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import type { State } from "../state/state.ts";
import { isDuty, kindOf, requiredFee } from "../transactions/fee.ts";
import { ruleOf } from "../transactions/rules.ts";
import { SignedTransaction } from "../types/transaction.ts";

export interface MempoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly perSender: number;
  /** How far ahead of the account's nonce a transaction may wait. */
  readonly nonceGap: number;
  readonly transactionBytes: number;
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  transactions: 20_000,
  bytes: 32 * 1024 * 1024,
  perSender: 64,
  nonceGap: 64,
  transactionBytes: 64 * 1024,
};

export type MempoolFacts =
  | { code: "ALREADY_KNOWN" }
  | { code: "NONCE_TOO_LOW"; expected: number; actual: number }
  | { code: "NONCE_GAP"; expected: number; actual: number; gap: number }
  | { code: "SENDER_FULL"; limit: number }
  | { code: "REPLACEMENT_TOO_CHEAP"; required: bigint; offered: bigint }
  | { code: "FEE_TOO_LOW"; required: bigint; offered: bigint }
  | { code: "INSUFFICIENT_BALANCE"; balance: bigint; needed: bigint }
  | { code: "EXPIRED"; validUntil: number; height: number }
  | { code: "TRANSACTION_TOO_LARGE"; bytes: number; limit: number }
  | { code: "MEMPOOL_FULL"; limit: number };

/** Most refusals are nobody's fault: another node may see another head. */
export class MempoolError extends PomlError<MempoolFacts> {
  constructor(message: string, facts: MempoolFacts, remedy?: string) {
    super(
      message,
      facts,
      remedy === undefined ? { action: "ignore" } : { action: "ignore", remedy },
    );
  }
}

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
    this.#checkFrame(state, signed, bytes, address);
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
    if (replaced !== undefined) this.#drop(replaced);
    const duty = isDuty(transaction);
    this.#makeRoom(bytes, duty, transaction.fee);
    const entry = { id, signed, bytes, duty, order: this.#arrivals++ };
    waiting.set(transaction.nonce, entry);
    this.#senders.set(sender, waiting);
    this.#ids.set(id, entry);
    this.#bytes += bytes;
  }

  #checkFrame(
    state: State,
    { transaction }: SignedTransaction,
    bytes: number,
    address: Uint8Array,
  ): void {
    const { transactionBytes, nonceGap } = this.#limits;
    if (bytes > transactionBytes) {
      throw new MempoolError(`${bytes} bytes, the limit is ${transactionBytes}`, {
        code: "TRANSACTION_TOO_LARGE",
        bytes,
        limit: transactionBytes,
      });
    }
    const { height } = state;
    if (transaction.validUntil <= height) {
      throw new MempoolError(
        `valid until height ${transaction.validUntil}, the chain is at ${height}`,
        {
          code: "EXPIRED",
          validUntil: transaction.validUntil,
          height,
        },
      );
    }
    const account = state.account(address);
    const { nonce } = transaction;
    if (nonce < account.nonce) {
      throw new MempoolError(`nonce ${nonce} is used, the next is ${account.nonce}`, {
        code: "NONCE_TOO_LOW",
        expected: account.nonce,
        actual: nonce,
      });
    }
    if (nonce > account.nonce + nonceGap) {
      throw new MempoolError(`nonce ${nonce} is too far ahead of ${account.nonce}`, {
        code: "NONCE_GAP",
        expected: account.nonce,
        actual: nonce,
        gap: nonceGap,
      });
    }
    const required = this.#feeFloor(requiredFee(transaction, state.parameters));
    if (transaction.fee < required) {
      throw new MempoolError(
        `fee ${transaction.fee} is below the required ${required}`,
        { code: "FEE_TOO_LOW", required, offered: transaction.fee },
        `offer a fee of at least ${required} micro-POML`,
      );
    }
    const rule = ruleOf(kindOf(transaction));
    const value = transaction.payload.value as Parameters<typeof rule.apply>[1];
    const needed = transaction.fee + (rule.spends?.(value) ?? 0n);
    if (nonce === account.nonce && account.balance < needed) {
      throw new MempoolError(
        `balance ${account.balance} is below the needed ${needed}`,
        { code: "INSUFFICIENT_BALANCE", balance: account.balance, needed },
        "fund the account, or ask for less",
      );
    }
  }

  /** Doubles for every tenth of the pool above 80 %. Duties stay free. */
  #feeFloor(required: bigint): bigint {
    if (required === 0n) return 0n;
    const fill = Math.max(
      this.#ids.size / this.#limits.transactions,
      this.#bytes / this.#limits.bytes,
    );
    const tenths = Math.max(0, Math.ceil((fill - 0.8) * 10));
    return required << BigInt(tenths);
  }

  #makeRoom(bytes: number, duty: boolean, fee: bigint): void {
    const { transactions, bytes: limit } = this.#limits;
    while (this.#ids.size + 1 > transactions || this.#bytes + bytes > limit) {
      const cheapest = this.#cheapestTail();
      if (cheapest === undefined || (!duty && cheapest.signed.transaction.fee >= fee)) {
        throw new MempoolError(
          "the mempool is full",
          { code: "MEMPOOL_FULL", limit: transactions },
          "offer a higher fee or try again later",
        );
      }
      this.#drop(cheapest);
    }
  }

  /** The lowest fee among each sender's last transaction: dropping it leaves no gap. */
  #cheapestTail(): Entry | undefined {
    let cheapest: Entry | undefined;
    for (const waiting of this.#senders.values()) {
      const last = waiting.get(Math.max(...waiting.keys()));
      if (last === undefined || last.duty) continue;
      if (cheapest === undefined || last.signed.transaction.fee < cheapest.signed.transaction.fee) {
        cheapest = last;
      }
    }
    return cheapest;
  }

  #drop(entry: Entry): void {
    const { sender, nonce } = entry.signed.transaction;
    const key = formatAddress(addressOf(sender));
    const waiting = this.#senders.get(key);
    waiting?.delete(nonce);
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

/** @throws TransactionError when the transaction would not apply to the next block */
export function dryRun(state: State, signed: SignedTransaction): void {
  const trial = state.fork();
  trial.meta = { ...trial.meta, height: state.height + 1 };
  applyTransaction(trial, signed, { proposer: NOBODY, records: [] });
}

const NOBODY = new Uint8Array(20);

function nonceOf({ signed }: Entry): number {
  return signed.transaction.nonce;
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
  const [feeA, feeB] = [a.signed.transaction.fee, b.signed.transaction.fee];
  return feeA === feeB ? a.order - b.order : feeA > feeB ? -1 : 1;
}

function checkReplacement(old: SignedTransaction, next: SignedTransaction): void {
  const required = old.transaction.fee + old.transaction.fee / 10n + 1n;
  if (next.transaction.fee < required) {
    throw new MempoolError(
      `replacing needs a fee of ${required}, offered ${next.transaction.fee}`,
      { code: "REPLACEMENT_TOO_CHEAP", required, offered: next.transaction.fee },
      "raise the fee by a tenth",
    );
  }
}
