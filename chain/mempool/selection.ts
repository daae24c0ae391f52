/**
 * Which waiting transactions a block takes: first the duties of nodes with weight, then the others by fee; each sender
 * in nonce order. Duties go in turn, whatever fee they offer: each node gets one before any node gets a second, and the
 * node comes first that has waited longest since its last one was taken. So a node waits for at most one duty of each
 * other node, and neither a fee nor a number of tiny duties can delay a large record. Nodes without weight are never
 * drawn for work, so their free transactions are taken only if there is room, or for a fee.
 */
import type { State } from "../state/state.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import type { Entry, Sender } from "./entry.ts";
import { Heap } from "./heap.ts";
import { RoomInBlock, takesRoom } from "./room-in-block.ts";

interface SelectionLimits {
  /** Stop when the next transaction would not fit. */
  readonly bytes: number;
  readonly count: number;
}

export function selectTransactions(
  state: State,
  senders: Iterable<Sender>,
  limits: SelectionLimits,
): SignedTransaction[] {
  const heads: Candidate[] = [];
  for (const sender of senders) {
    const first = sender.waiting.get(state.account(sender.address).nonce);
    if (first !== undefined) heads.push({ entry: first, isLate: false, taken: 0 });
  }
  const ready = new Heap(isFirst, heads);
  const selected: SignedTransaction[] = [];
  const room = new RoomInBlock(state);
  let bytes = 0;
  while (selected.length < limits.count) {
    const { entry, taken = 0 } = ready.pop() ?? {};
    if (entry === undefined || bytes + entry.bytes > limits.bytes) break;
    // The pool removes expired transactions only from time to time.
    if (entry.signed.transaction.validUntil <= state.height) continue;
    if (!room.take(entry.signed.transaction)) continue;
    selected.push(entry.signed);
    bytes += entry.bytes;
    const next = entry.sender.waiting.get(entry.nonce + 1);
    if (next !== undefined) ready.push({ entry: next, isLate: isUntried(next), taken: taken + 1 });
  }
  return selected;
}

interface Candidate {
  readonly entry: Entry;
  /** It gets only the room that others leave. */
  readonly isLate: boolean;
  /** How many transactions of its sender come before it in the block. */
  readonly taken: number;
}

/**
 * Of the paying transactions the pool has tried only the first of each sender. A later one may never apply, and then
 * pays nothing: it must not take room for draws from one that applies.
 */
function isUntried({ duty, signed }: Entry): boolean {
  return !duty && takesRoom(signed.transaction);
}

function isFirst(one: Candidate, other: Candidate): boolean {
  if (one.isLate !== other.isLate) return other.isLate;
  const [a, b] = [one.entry, other.entry];
  if (a.rated !== b.rated) return a.rated;
  if (!a.rated) return a.fee === b.fee ? a.order < b.order : a.fee > b.fee;
  return one.taken === other.taken ? turnOf(a) < turnOf(b) : one.taken < other.taken;
}

/** Since when it has been the next one of its sender, in the order of arrivals. */
function turnOf({ order, sender }: Entry): number {
  return order > sender.served ? order : sender.served;
}
