/**
 * This node's own transactions that are not final yet, kept across restarts. The signed bytes are
 * kept, not the wish: handed in again they have the same nonce, so no restart doubles an order.
 */
import { ListCompositeType } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";

const LIMIT = 1024;
const List = new ListCompositeType(SignedTransaction, LIMIT);
const NAME = "own-transactions";

/** What is needed of the store. */
export interface OwnValues {
  own(name: string): Promise<Uint8Array | undefined>;
  putOwn(name: string, value: Uint8Array): Promise<void>;
}

export class OwnTransactions {
  readonly #store: OwnValues;
  #saved = 0;

  constructor({ store }: { readonly store: OwnValues }) {
    this.#store = store;
  }

  /** In nonce order; none when what is stored does not decode. */
  async load(): Promise<SignedTransaction[]> {
    const bytes = await this.#store.own(NAME);
    if (bytes === undefined) return [];
    try {
      const transactions = decodeSsz("own transactions", List, bytes);
      this.#saved = transactions.length;
      return transactions;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return [];
    }
  }

  /** Call it before a new one leaves. */
  async save(transactions: readonly SignedTransaction[]): Promise<void> {
    if (transactions.length === 0 && this.#saved === 0) return;
    this.#saved = transactions.length;
    await this.#store.putOwn(NAME, List.serialize(transactions.slice(-LIMIT)));
  }
}
