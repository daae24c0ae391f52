/**
 * The way of transactions into the mempool when there are many: a bounded queue that is worked through in small chunks
 * with a pause after each, so that votes, proposals and timers never wait for more than one chunk. When it is full, a
 * sender is told at once; it is full for gossip earlier than for clients of this node.
 */
import { MempoolError } from "../../chain/mempool/mempool-error.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { AdmissionOrder, type AdmissionRank } from "./admission-order.ts";

export interface AdmissionLimits {
  /** Transactions that may wait for their signatures to be checked. */
  readonly waiting: number;
  /** So many of these places are reserved for clients of this node. */
  readonly ofClients: number;
  /** Number of transactions checked before other work gets its turn; it takes a few milliseconds. */
  readonly chunk: number;
}

const ADMISSION_LIMITS: AdmissionLimits = { waiting: 8192, ofClients: 2048, chunk: 16 };

export interface AdmissionModules {
  rank(signed: SignedTransaction): AdmissionRank;
  /** Throws for a transaction that is useless here, or whose signature does not match. */
  verify(signed: SignedTransaction): void;
  /** Throws when the mempool does not accept it. */
  add(signed: SignedTransaction): void;
  /** Resolves when the next chunk may start, after at least one turn of the event loop. */
  pause(): Promise<void>;
}

/** Why a transaction was not accepted; undefined when it was. */
export type Refusal = Error | undefined;

export type Source = "gossip" | "client";

interface Waiting {
  readonly signed: SignedTransaction;
  readonly done: (refusal: Refusal) => void;
}

export class AdmissionQueue {
  readonly #limits: AdmissionLimits;
  readonly #modules: AdmissionModules;
  readonly #order = new AdmissionOrder<Waiting>();
  #refused = 0;
  #isRunning = false;

  constructor(modules: AdmissionModules, limits: AdmissionLimits = ADMISSION_LIMITS) {
    this.#modules = modules;
    this.#limits = limits;
  }

  /** The number of waiting transactions. */
  get length(): number {
    return this.#order.length;
  }

  /** How many transactions have been turned away because too many waited. */
  get refused(): number {
    return this.#refused;
  }

  /** @throws MempoolError OVERLOADED when `count` more would be too many */
  checkRoom(count: number, source: Source): void {
    const { waiting, ofClients } = this.#limits;
    const limit = source === "client" ? waiting : waiting - ofClients;
    if (this.length + count <= limit) return;
    this.#refused += count;
    throw new MempoolError(
      "too many transactions wait to be checked",
      { code: "OVERLOADED", limit },
      "wait a second and send them again",
    );
  }

  /**
   * Accepts all of them or none.
   * @returns one answer for each, in order
   * @throws MempoolError OVERLOADED
   */
  admit(all: readonly SignedTransaction[], source: Source): Promise<Refusal[]> {
    this.checkRoom(all.length, source);
    const answers = new Array<Refusal>(all.length);
    let open = all.length;
    if (open === 0) return Promise.resolve(answers);
    return new Promise((resolve) => {
      all.forEach((signed, i) => {
        const done = (refusal: Refusal): void => {
          answers[i] = refusal;
          open--;
          if (open === 0) resolve(answers);
        };
        this.#order.push({ signed, done }, this.#modules.rank(signed));
      });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let inChunk = 0;
    for (let next = this.#order.take(); next !== undefined; next = this.#order.take()) {
      this.#check(next);
      inChunk++;
      if (inChunk < this.#limits.chunk && this.length > 0) continue;
      inChunk = 0;
      await this.#modules.pause();
    }
    this.#isRunning = false;
  }

  #check({ signed, done }: Waiting): void {
    const { verify, add } = this.#modules;
    try {
      verify(signed);
      add(signed);
      done(undefined);
    } catch (error) {
      done(asError(error));
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
