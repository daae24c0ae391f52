/**
 * The way of transactions into the mempool when there are many: a bounded queue, worked off in small
 * chunks with a pause after each, so that votes, proposals and timers never wait for more than one
 * chunk. Who comes when it is full is told so at once.
 */
import { MempoolError } from "../../chain/mempool/mempool-error.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";

export interface AdmissionLimits {
  /** Transactions that may wait for their signatures to be checked. */
  readonly waiting: number;
  /** Checked before anything else gets its turn: a few milliseconds. */
  readonly chunk: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = { waiting: 8192, chunk: 16 };

export interface AdmissionModules {
  /** Throws for what is of no use, and when a signature does not match. */
  verify(signed: SignedTransaction): void;
  /** Throws when the mempool does not take it. */
  add(signed: SignedTransaction): void;
  /** Resolves when the next chunk may be worked off; at least one turn of the event loop later. */
  pause(): Promise<void>;
}

/** Why a transaction was not taken; undefined when it was. */
export type Refusal = Error | undefined;

interface Waiting {
  readonly signed: SignedTransaction;
  readonly done: (refusal: Refusal) => void;
}

export class AdmissionQueue {
  readonly #limits: AdmissionLimits;
  readonly #modules: AdmissionModules;
  #waiting: Waiting[] = [];
  #length = 0;
  #refused = 0;
  #isRunning = false;

  constructor(modules: AdmissionModules, limits: AdmissionLimits = ADMISSION_LIMITS) {
    this.#modules = modules;
    this.#limits = limits;
  }

  /** Transactions that wait. */
  get length(): number {
    return this.#length;
  }

  /** Transactions turned away so far because too many waited. */
  get refused(): number {
    return this.#refused;
  }

  /** @throws MempoolError OVERLOADED when `count` more would be too many */
  checkRoom(count: number): void {
    if (this.#length + count <= this.#limits.waiting) return;
    this.#refused += count;
    throw new MempoolError(
      "too many transactions wait to be checked",
      { code: "OVERLOADED", limit: this.#limits.waiting },
      "wait a second and send them again",
    );
  }

  /**
   * Takes all of them in or none; one answer for each, in order.
   * @throws MempoolError OVERLOADED
   */
  admit(all: readonly SignedTransaction[]): Promise<Refusal[]> {
    this.checkRoom(all.length);
    const answers = new Array<Refusal>(all.length);
    let open = all.length;
    if (open === 0) return Promise.resolve(answers);
    this.#length += open;
    return new Promise((resolve) => {
      all.forEach((signed, i) => {
        const done = (refusal: Refusal): void => {
          answers[i] = refusal;
          open--;
          if (open === 0) resolve(answers);
        };
        this.#waiting.push({ signed, done });
      });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      for (const [i, waiting] of taken.entries()) {
        this.#take(waiting);
        if ((i + 1) % this.#limits.chunk === 0 || i + 1 === taken.length)
          await this.#modules.pause();
      }
    }
    this.#isRunning = false;
  }

  #take({ signed, done }: Waiting): void {
    const { verify, add } = this.#modules;
    this.#length--;
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
