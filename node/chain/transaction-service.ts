/**
 * Transactions on their way to a block: verified once, kept in the mempool, gossiped in batches.
 */
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

/** Least time between two batches: a lone transaction goes at once, those that follow it in company. */
const BATCH_MS = 20;
/** So many are company enough. */
const BATCH_COUNT = 256;

/** Faults no honest node relays; anything else may look different at another head. */
const PROVEN: ReadonlySet<string> = new Set(["DECODE", "BAD_SIGNATURE", "TRANSACTION_TOO_LARGE"]);

export interface TransactionServiceModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly verified: VerifiedTransactions;
  readonly log: NodeLog;
  /** Called for every transaction with a good signature, whether or not it gets in. */
  seen(signed: SignedTransaction): void;
  /** Resolves when transactions may have their turn. */
  pause(): Promise<void>;
  publish(topic: "transactions", message: Uint8Array): Promise<unknown>;
}

export class TransactionService {
  /** Transactions whose signatures are yet to be checked. */
  readonly admission: AdmissionQueue;
  readonly #modules: TransactionServiceModules;
  #waiting: Uint8Array[] = [];
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
    chain.onBlock(({ block }) => mempool.afterBlock(chain.state, block.body.transactions));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Takes a transaction of this node or of a client.
   * @returns its id
   * @throws TransactionError BAD_SIGNATURE, MempoolError
   */
  async submit(signed: SignedTransaction): Promise<Uint8Array> {
    const [refusal] = await this.submitAll([signed]);
    if (refusal !== undefined) throw refusal;
    return transactionId(signed.transaction);
  }

  /**
   * Takes many at once; one answer for each, in order.
   * @throws MempoolError OVERLOADED, and then none was taken
   */
  async submitAll(all: readonly SignedTransaction[]): Promise<Refusal[]> {
    const refusals = await this.admission.admit(all, "client");
    this.#announce(all.filter((_, i) => refusals[i] === undefined));
    return refusals;
  }

  /** A batch from a neighbour: passed on when any of it was news. */
  async onBatch(message: Uint8Array): Promise<Verdict> {
    const { mempool } = this.#modules;
    this.admission.checkRoom(1, "gossip");
    const news: SignedTransaction[] = [];
    for (const bytes of decodeBatch(message)) {
      const signed = decodeSsz("transaction", SignedTransaction, bytes);
      if (mempool.known(signed) === signed) news.push(signed);
    }
    const refusals = await this.admission.admit(news, "gossip");
    for (const refusal of refusals) {
      if (refusal === undefined) continue;
      if (!(refusal instanceof PomlError) || PROVEN.has(String(refusal.code))) throw refusal;
    }
    return refusals.includes(undefined) ? "accept" : "ignore";
  }

  select(limitBytes: number): SignedTransaction[] {
    const { mempool, chain } = this.#modules;
    return mempool.select(chain.state, limitBytes, MAX_TRANSACTIONS);
  }

  #announce(taken: readonly SignedTransaction[]): void {
    for (const signed of taken) this.#waiting.push(SignedTransaction.serialize(signed));
    if (this.#waiting.length >= BATCH_COUNT) this.#flush();
    if (this.#waiting.length === 0) return;
    const due = this.#flushedAt + BATCH_MS - performance.now();
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, due));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    const batches = encodeBatches(this.#waiting);
    this.#waiting = [];
    for (const batch of batches) {
      this.#modules.publish("transactions", batch).catch((error: unknown) => {
        this.#modules.log.warn("could not gossip transactions", { reason: String(error) });
      });
    }
  }
}
