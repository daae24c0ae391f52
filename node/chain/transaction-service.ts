/** Transactions on their way to a block: verified once, kept in the mempool, and gossiped in batches. */
import { addressKey, addressOf } from "../../chain/crypto/address.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { isFree } from "../../chain/mempool/admission.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { type VerifiedTransactions, verifyTransactionSync } from "../../chain/verify-signatures.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import { decodeBatch, encodeBatches } from "../../p2p/topics/transactions.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { AdmissionQueue, type Refusal } from "./admission-queue.ts";
import type { Chain } from "./chain.ts";

/** Shortest time between two batches: a single transaction is sent at once, those that follow are sent together. */
const BATCH_MS = 20;
/** A batch with so many transactions is sent without waiting. */
const BATCH_COUNT = 256;

/** After the next block, at most so many refused transactions are tried again. */
const LATER_COUNT = 256;
const LATER_BYTES = 1024 * 1024;
const LATER_TRIES = 2;
/** Reasons for refusal that the next block does not change. */
const LASTING: ReadonlySet<string> = new Set([
  "ALREADY_KNOWN",
  "NONCE_TOO_LOW",
  "SENDER_FULL",
  "REPLACEMENT_TOO_CHEAP",
  "MEMPOOL_FULL",
]);

/** Faults that no honest node relays; any other refusal may be different at another head. */
const PROVEN: ReadonlySet<string> = new Set(["DECODE", "BAD_SIGNATURE", "TRANSACTION_TOO_LARGE"]);

interface Later {
  readonly signed: SignedTransaction;
  readonly bytes: number;
  readonly tries: number;
}

export interface TransactionServiceModules {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot" | "onBlock">;
  readonly mempool: Mempool;
  readonly verified: VerifiedTransactions;
  readonly log: NodeLog;
  /** Called for every transaction with a valid signature, whether or not it is accepted. */
  seen(signed: SignedTransaction): void;
  /** Resolves when transactions may get a turn. */
  pause(): Promise<void>;
  publish(topic: "transactions", message: Uint8Array): Promise<unknown>;
}

export class TransactionService {
  /** Transactions whose signatures have not been checked yet. */
  readonly admission: AdmissionQueue;
  readonly #modules: TransactionServiceModules;
  #waiting: Uint8Array[] = [];
  /** Refused here a moment ago; the block that makes them valid may be on its way. */
  #later: Later[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(modules: TransactionServiceModules) {
    const { chain, mempool, verified, seen, pause } = modules;
    this.#modules = modules;
    this.admission = new AdmissionQueue({
      rank: ({ transaction }) => ({
        sender: addressKey(addressOf(transaction.sender)),
        duty: isFree(chain.state, transaction),
        fee: transaction.fee,
      }),
      verify: (signed) => {
        mempool.checkFresh(chain.state, signed);
        verifyTransactionSync(chain.state, chain.genesisRoot, signed, verified);
      },
      add: (signed) => {
        seen(signed);
        mempool.add(chain.state, signed);
      },
      pause,
    });
    chain.onBlock(({ block }) => {
      mempool.afterBlock(chain.state, block.body.transactions);
      if (this.#later.length > 0) void this.#tryLater();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Accepts a transaction of this node or of a client.
   * @returns its id
   * @throws TransactionError BAD_SIGNATURE, MempoolError
   */
  async submit(signed: SignedTransaction): Promise<Uint8Array> {
    const [refusal] = await this.submitAll([signed]);
    if (refusal !== undefined) throw refusal;
    return transactionId(signed.transaction);
  }

  /**
   * Accepts many at once.
   * @returns one answer for each, in order
   * @throws MempoolError OVERLOADED; then none was accepted
   */
  async submitAll(all: readonly SignedTransaction[]): Promise<Refusal[]> {
    const refusals = await this.admission.admit(all, "client");
    this.#announce(all.filter((_, i) => refusals[i] === undefined));
    return refusals;
  }

  /** Offers waiting transactions to neighbours once more; neighbours that know them do not pass them on. */
  offerAgain(all: readonly SignedTransaction[]): void {
    const bytes = all.map((signed) => SignedTransaction.serialize(signed));
    this.#publish(encodeBatches(bytes, this.#modules.chain.height));
  }

  /** Handles a batch from a neighbour; it is passed on if any transaction in it was new. */
  async onBatch(message: Uint8Array): Promise<Verdict> {
    const { mempool } = this.#modules;
    this.admission.checkRoom(1, "gossip");
    const news: SignedTransaction[] = [];
    for (const bytes of decodeBatch(message).transactions) {
      const signed = decodeSsz("transaction", SignedTransaction, bytes);
      if (mempool.known(signed) === signed) news.push(signed);
    }
    const refusals = await this.admission.admit(news, "gossip");
    for (const refusal of refusals) {
      if (refusal === undefined) continue;
      if (!(refusal instanceof PomlError) || PROVEN.has(String(refusal.code))) throw refusal;
    }
    for (const [i, signed] of news.entries()) this.#keepForLater(signed, refusals[i], 0);
    return refusals.includes(undefined) ? "accept" : "ignore";
  }

  select(limitBytes: number): SignedTransaction[] {
    const { mempool, chain } = this.#modules;
    return mempool.select(chain.state, limitBytes, MAX_TRANSACTIONS);
  }

  #keepForLater(signed: SignedTransaction, refusal: Refusal, tries: number): void {
    if (!(refusal instanceof PomlError) || tries >= LATER_TRIES) return;
    if (LASTING.has(String(refusal.code))) return;
    const bytes = SignedTransaction.value_serializedSize(signed);
    const held = this.#later.reduce((sum, later) => sum + later.bytes, bytes);
    if (this.#later.length >= LATER_COUNT || held > LATER_BYTES) return;
    this.#later.push({ signed, bytes, tries });
  }

  async #tryLater(): Promise<void> {
    const later = this.#later;
    this.#later = [];
    const all = later.map(({ signed }) => signed);
    try {
      const refusals = await this.admission.admit(all, "gossip");
      for (const [i, { signed, tries }] of later.entries()) {
        this.#keepForLater(signed, refusals[i], tries + 1);
      }
      const taken = all.filter((_, i) => refusals[i] === undefined);
      // The neighbours were not informed when these arrived.
      if (taken.length > 0) this.offerAgain(taken);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#modules.log.debug("no room to look at transactions again", { code: error.code });
    }
  }

  #announce(taken: readonly SignedTransaction[]): void {
    for (const signed of taken) this.#waiting.push(SignedTransaction.serialize(signed));
    if (this.#waiting.length >= BATCH_COUNT) this.flush();
    if (this.#waiting.length === 0) return;
    const due = this.#flushedAt + BATCH_MS - performance.now();
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, due));
  }

  /** Sends at once what waits for the next batch. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    const batches = encodeBatches(this.#waiting);
    this.#waiting = [];
    this.#publish(batches);
  }

  #publish(batches: readonly Uint8Array[]): void {
    for (const batch of batches) {
      this.#modules.publish("transactions", batch).catch((error: unknown) => {
        this.#modules.log.warn("could not gossip transactions", { reason: String(error) });
      });
    }
  }
}
