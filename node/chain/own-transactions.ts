/**
 * This node's own transactions that are not final yet, kept across restarts. The signed bytes are stored, not the
 * intention: submitted again they have the same nonce, so a restart never doubles an order.
 */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";

const LIMIT = 1024;
const MAX_REPLACED = 256;
const OwnTransaction = new ContainerType(
  {
    signed: SignedTransaction,
    /** Height at which it was first submitted. */
    since: Uint32,
  },
  { typeName: "OwnTransaction", jsonCase: "eth2" },
);
export type OwnTransaction = Readonly<ValueOf<typeof OwnTransaction>>;

const Replaced = new ContainerType(
  { old: Hash, next: Hash },
  { typeName: "Replaced", jsonCase: "eth2" },
);
const Book = new ContainerType(
  {
    waiting: new ListCompositeType(OwnTransaction, LIMIT),
    replaced: new ListCompositeType(Replaced, MAX_REPLACED),
  },
  { typeName: "OwnTransactions", jsonCase: "eth2" },
);

/** The part of the store that this class needs. */
export interface OwnValues {
  own(name: string): Promise<Uint8Array | undefined>;
  putOwn(name: string, value: Uint8Array): Promise<void>;
}

export class OwnTransactions {
  readonly #store: OwnValues;
  readonly #name: string;
  /** By the hex id of a transaction that was signed again: the new id. */
  readonly #replaced = new Map<string, Uint8Array>();
  #saved = 0;

  constructor({ store, name = "own-transactions" }: { store: OwnValues; name?: string }) {
    this.#store = store;
    this.#name = name;
  }

  /** In nonce order; empty when the stored bytes do not decode. */
  async load(): Promise<OwnTransaction[]> {
    const bytes = await this.#store.own(this.#name);
    if (bytes === undefined) return [];
    try {
      const { waiting, replaced } = decodeSsz("own transactions", Book, bytes);
      for (const { old, next } of replaced) this.#replaced.set(toHex(old), next);
      this.#saved = waiting.length;
      return waiting;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return [];
    }
  }

  /** Remembers the new id of a transaction; the oldest entries are forgotten. */
  replace(old: Uint8Array, next: Uint8Array): void {
    for (const [id, known] of this.#replaced) {
      if (toHex(known) === toHex(old)) this.#replaced.set(id, next);
    }
    this.#replaced.set(toHex(old), next);
    const oldest = this.#replaced.keys().next();
    if (this.#replaced.size > MAX_REPLACED && !oldest.done) this.#replaced.delete(oldest.value);
  }

  /** The new id of a transaction, if it was signed again. */
  replacementOf(id: Uint8Array): Uint8Array | undefined {
    return this.#replaced.get(toHex(id));
  }

  /** Call it before a new transaction is sent. */
  async save(waiting: readonly OwnTransaction[]): Promise<void> {
    if (waiting.length === 0 && this.#saved === 0) return;
    this.#saved = waiting.length;
    const replaced = [...this.#replaced].map(([old, next]) => ({ old: fromHex(old), next }));
    const book = { waiting: waiting.slice(-LIMIT), replaced };
    await this.#store.putOwn(this.#name, Book.serialize(book));
  }
}
