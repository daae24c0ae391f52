/** A transaction that waits, and the queue of its sender. */
import type { SignedTransaction } from "../types/transaction.ts";

export interface Entry {
  readonly id: string;
  readonly signed: SignedTransaction;
  readonly sender: Sender;
  readonly nonce: number;
  readonly fee: bigint;
  readonly bytes: number;
  /** A node's own work: no fee needed, in places of its own; that of nodes with weight first in a block. */
  readonly duty: boolean;
  /** A duty whose sender could be drawn for work when it came: a node with weight. */
  readonly rated: boolean;
  /** Order of arrival. */
  readonly order: number;
  /** Height of the head when it came. */
  readonly since: number;
  /** What it rested on when it was tried last; undefined = not tried, or it rests on anything. */
  rests?: readonly unknown[] | undefined;
}

export interface Sender {
  readonly key: string;
  readonly address: Uint8Array;
  /** By nonce. */
  readonly waiting: Map<number, Entry>;
  /** In the order of arrivals: when one of its transactions last came into a block; -1 = not yet. */
  served: number;
}

/** The first free nonce from `nonce` on. */
export function nonceAfterRun({ waiting }: Sender, nonce: number): number {
  let next = nonce;
  while (waiting.has(next)) next++;
  return next;
}

/** The waiting transaction with the highest nonce, leaving out `gone`. */
export function lastOf({ waiting }: Sender, gone?: ReadonlySet<Entry>): Entry | undefined {
  let last: Entry | undefined;
  for (const entry of waiting.values()) {
    if (gone?.has(entry) !== true && (last === undefined || entry.nonce > last.nonce)) last = entry;
  }
  return last;
}
