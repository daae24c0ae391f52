/**
 * Transactions on their way to a block: verified once, kept in the mempool, gossiped in batches.
 */

import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { MAX_TRANSACTIONS } from "../../chain/types/primitive.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { type VerifiedCache, verifyTransaction } from "../../chain/verify-signatures.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import { decodeBatch, encodeBatches } from "../../p2p/topics/transactions.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Chain } from "./chain.ts";

/** Time transactions wait for company before they are gossiped. */
const BATCH_MS = 15;

/** Faults no honest node relays; anything else may look different at another head. */
const PROVEN: ReadonlySet<string> = new Set(["DECODE", "BAD_SIGNATURE", "TRANSACTION_TOO_LARGE"]);

export interface TransactionServiceModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly verified: VerifiedCache;
  readonly log: NodeLog;
  /** Called for every transaction with a good signature, whether or not it gets in. */
  seen(signed: SignedTransaction): void;
  publish(topic: "transactions", message: Uint8Array): Promise<unknown>;
}

export class TransactionService {
  readonly #modules: TransactionServiceModules;
  #waiting: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(modules: TransactionServiceModules) {
    this.#modules = modules;
    modules.chain.onBlock(({ block }) => {
      modules.mempool.afterBlock(modules.chain.state, block.body.transactions);
    });
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
    await this.#admit(signed);
    this.#waiting.push(SignedTransaction.serialize(signed));
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS);
    return transactionId(signed.transaction);
  }

  /** A batch from a neighbour: passed on when any of it was news. */
  async onBatch(message: Uint8Array): Promise<Verdict> {
    let news = 0;
    for (const bytes of decodeBatch(message)) {
      try {
        await this.#admit(decodeSsz("transaction", SignedTransaction, bytes));
        news++;
      } catch (error) {
        if (!(error instanceof PomlError) || PROVEN.has(String(error.code))) throw error;
      }
    }
    return news > 0 ? "accept" : "ignore";
  }

  select(limitBytes: number): SignedTransaction[] {
    const { mempool, chain } = this.#modules;
    return mempool.select(chain.state, limitBytes, MAX_TRANSACTIONS);
  }

  async #admit(signed: SignedTransaction): Promise<void> {
    const { chain, mempool, verified, seen } = this.#modules;
    await verifyTransaction(chain.state, chain.genesisRoot, signed, verified);
    seen(signed);
    mempool.add(chain.state, signed);
  }

  #flush(): void {
    this.#timer = undefined;
    const batches = encodeBatches(this.#waiting);
    this.#waiting = [];
    for (const batch of batches) {
      this.#modules.publish("transactions", batch).catch((error: unknown) => {
        this.#modules.log.warn("could not gossip transactions", { reason: String(error) });
      });
    }
  }
}
