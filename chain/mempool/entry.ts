/** A waiting transaction, and the queue of its sender. */
import type { SignedTransaction } from "../types/transaction.ts";

export interface Entry {
  readonly id: string;
  readonly signed: SignedTransaction;
  readonly sender: Sender;
  readonly nonce: number;
  readonly fee: bigint;
  readonly bytes: number;
  /** A node's duty: it needs no fee and has a place of its own; duties of nodes with weight come first in a block. */
  readonly duty: boolean;
  /** A duty whose sender could be drawn for work when it arrived: a node with weight. */
  readonly rated: boolean;
  /** Order of arrival. */
  readonly order: number;
  /** Height of the head when it arrived. */
  readonly since: number;
  /** The values on which the result of its last trial depends; undefined = not tried, or it depends on anything. */
  rests?: readonly unknown[] | undefined;
}

export interface Sender {
  readonly key: string;
  readonly address: Uint8Array;
  /** By nonce. */
  readonly waiting: Map<number, Entry>;
  /** When one of its transactions last came into a block, in the order of arrivals; -1 = not yet. */
  served: number;
}

/** The first free nonce from `nonce` on. */
export function nonceAfterRun({ waiting }: Sender, nonce: number): number {
  let next = nonce;
  while (waiting.has(next)) next++;
  return next;
}

/** The waiting transaction with the highest nonce that is not in `gone`. */
export function lastOf({ waiting }: Sender, gone?: ReadonlySet<Entry>): Entry | undefined {
  let last: Entry | undefined;
  for (const entry of waiting.values()) {
    if (gone?.has(entry) !== true && (last === undefined || entry.nonce > last.nonce)) last = entry;
  }
  return last;
}
