/**
 * Own transactions that wait for room, because a mempool accepts only a limited number from one sender. Duties go
 * first, because they have deadlines; the owner's transactions leave some room for them. Each is sent when a block has
 * made room, or refused when its time is over.
 */
import { MempoolError } from "../../chain/mempool/mempool-error.ts";
import type { Payload } from "../../chain/types/transaction.ts";

export interface OutboxModules {
  height(): number;
  /** The number of own transactions that wait for a block. */
  waiting(): number;
  /** @throws MempoolError SENDER_FULL when the mempool accepts no more of ours now */
  submit(payload: Payload, validUntil: number): Promise<Uint8Array>;
}

export interface OutboxLimits {
  /** With more own transactions than this in the mempool, only duties are added. */
  readonly ordersUpTo: number;
  readonly waiting: number;
}

const OUTBOX_LIMITS: OutboxLimits = { ordersUpTo: 192, waiting: 8192 };

interface Letter {
  readonly payload: Payload;
  readonly validUntil: number;
  resolve(id: Uint8Array): void;
  reject(error: unknown): void;
}

export class Outbox {
  readonly #modules: OutboxModules;
  readonly #limits: OutboxLimits;
  readonly #duties: Letter[] = [];
  readonly #orders: Letter[] = [];
  #isDraining = false;
  /** Since the last check, room may have become free or a letter may have arrived. */
  #isDue = false;

  constructor(modules: OutboxModules, limits: OutboxLimits = OUTBOX_LIMITS) {
    this.#modules = modules;
    this.#limits = limits;
  }

  get length(): number {
    return this.#duties.length + this.#orders.length;
  }

  /** @throws MempoolError OVERLOADED, EXPIRED; what `submit` throws */
  send(payload: Payload, validUntil: number, isDuty: boolean): Promise<Uint8Array> {
    const { waiting: limit } = this.#limits;
    if (this.length >= limit) {
      const facts = { code: "OVERLOADED", limit } as const;
      const remedy = "wait until some of them are final";
      return Promise.reject(new MempoolError(`${limit} own transactions wait`, facts, remedy));
    }
    return new Promise((resolve, reject) => {
      const line = isDuty ? this.#duties : this.#orders;
      line.push({ payload, validUntil, resolve, reject });
      this.drain();
    });
  }

  /** Must be called after every block. */
  drain(): void {
    this.#isDue = true;
    if (this.#isDraining) return;
    this.#isDraining = true;
    void this.#drain().finally(() => {
      this.#isDraining = false;
      if (this.#isDue) this.drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isDue = false;
    await this.#send(this.#duties);
    await this.#send(this.#orders);
  }

  /** Sends letters in order, as many as the mempool has room for. */
  async #send(line: Letter[]): Promise<void> {
    for (let letter = line[0]; letter !== undefined; letter = line[0]) {
      if (line === this.#orders && !this.#hasRoomForOrders()) return;
      const height = this.#modules.height();
      try {
        if (letter.validUntil <= height) throw expired(letter.validUntil, height);
        letter.resolve(await this.#modules.submit(letter.payload, letter.validUntil));
      } catch (error) {
        if (error instanceof MempoolError && error.code === "SENDER_FULL") return;
        letter.reject(error);
      }
      line.shift();
      if (line === this.#orders && this.#duties.length > 0) await this.#send(this.#duties);
    }
  }

  #hasRoomForOrders(): boolean {
    return this.#modules.waiting() < this.#limits.ordersUpTo;
  }
}

function expired(validUntil: number, height: number): MempoolError {
  return new MempoolError(`valid until height ${validUntil}, the chain is at ${height}`, {
    code: "EXPIRED",
    validUntil,
    height,
  });
}
