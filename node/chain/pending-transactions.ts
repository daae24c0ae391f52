/** This node's own transactions that are not final yet, in nonce order. The list survives a restart. */
import type { OwnTransaction, OwnTransactions } from "./own-transactions.ts";
import { nonceOf } from "./own-wish.ts";

export interface Pending extends OwnTransaction {
  /** Why this node's own mempool does not accept it now. */
  readonly refusal?: string;
}

export class PendingTransactions {
  readonly #own: Pick<OwnTransactions, "load" | "save">;
  #all: readonly Pending[] = [];

  constructor(own: Pick<OwnTransactions, "load" | "save">) {
    this.#own = own;
  }

  get all(): readonly Pending[] {
    return this.#all;
  }

  at(nonce: number): Pending | undefined {
    return this.#all.find((one) => nonceOf(one) === nonce);
  }

  /** Reads the list as it was when the node last stopped. */
  async load(): Promise<void> {
    this.#all = await this.#own.load();
  }

  /** Replaces the list. It must be durable before anything new on it is sent. */
  async keep(pending: readonly Pending[]): Promise<void> {
    this.#all = pending.toSorted((a, b) => nonceOf(a) - nonceOf(b));
    await this.#own.save(this.#all);
  }

  /**
   * Replaces the list, and writes it only if other transactions are on it now.
   * @param pending in nonce order
   */
  async update(pending: readonly Pending[]): Promise<void> {
    const isChanged =
      pending.length !== this.#all.length ||
      pending.some(({ signed }, i) => signed !== this.#all[i]?.signed);
    if (isChanged) await this.keep(pending);
    else this.#all = pending;
  }
}
