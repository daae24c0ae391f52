/**
 * Which waiting transactions a block takes: duties of nodes with weight first, then by fee, each sender in nonce order.
 * Duties go in turn, whatever they offer: one of each node before a second of any, and first that of the node which has
 * waited longest since its last was taken. So a node waits for one duty of each other node at most, and no fee and no
 * number of tiny duties keeps a large record waiting. Nodes without weight are drawn for nothing: what is free for them
 * is taken where there is room, or for a fee.
 */
import type { State } from "../state/state.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import type { Entry, Sender } from "./entry.ts";
import { Heap } from "./heap.ts";
import { RoomInBlock, takesRoom } from "./room-in-block.ts";

interface SelectionLimits {
  /** Stop when the next one would not fit. */
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
    // The pool looks for what has expired now and then only.
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
  /** It gets the room that others leave. */
  readonly isLate: boolean;
  /** How many of its sender the block has before it. */
  readonly taken: number;
}

/**
 * Of what pays, the pool has tried the first of each sender only. Another one may never apply, and pay nothing: it must
 * not take the room for draws from one that does.
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

/** Since when it has been its sender's next, in the order of arrivals. */
function turnOf({ order, sender }: Entry): number {
  return order > sender.served ? order : sender.served;
}
