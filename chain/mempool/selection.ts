/**
 * Which waiting transactions a block takes: duties of nodes with weight first, then by fee, each sender in nonce order.
 * Nodes without weight are drawn for nothing: what is free for them is taken where there is room, or for a fee.
 */
import type { State } from "../state/state.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import type { Entry, Sender } from "./entry.ts";
import { Heap } from "./heap.ts";
import { RoomForDraws } from "./room-for-draws.ts";

export interface SelectionLimits {
  /** Stop when the next one would not fit. */
  readonly bytes: number;
  readonly count: number;
}

export function selectTransactions(
  state: State,
  senders: Iterable<Sender>,
  limits: SelectionLimits,
): SignedTransaction[] {
  const heads: Entry[] = [];
  for (const sender of senders) {
    const first = sender.waiting.get(state.account(sender.address).nonce);
    if (first !== undefined) heads.push(first);
  }
  const ready = new Heap(isFirst, heads);
  const selected: SignedTransaction[] = [];
  const room = new RoomForDraws(state);
  let bytes = 0;
  while (selected.length < limits.count) {
    const entry = ready.pop();
    if (entry === undefined || bytes + entry.bytes > limits.bytes) break;
    if (!room.take(entry.signed.transaction)) continue;
    selected.push(entry.signed);
    bytes += entry.bytes;
    const next = entry.sender.waiting.get(entry.nonce + 1);
    if (next !== undefined) ready.push(next);
  }
  return selected;
}

function isFirst(a: Entry, b: Entry): boolean {
  if (a.rated !== b.rated) return a.rated;
  return a.fee === b.fee ? a.order < b.order : a.fee > b.fee;
}
