/**
 * Leaves out transactions for whose draws, or whose changes to long lists, a block has no room left. Otherwise
 * thousands of orders that do not fit would take the place of everything that offers a lower fee, and pay nothing for
 * it.
 */
import { bytesKey } from "../crypto/hash.ts";
import { DrawRoom } from "../job/draw-room.ts";
import { hasCommitted } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import { ListRoom } from "../transactions/list-room.ts";
import { kindOf, payloadIf, type Transaction } from "../types/transaction.ts";
import { workloadOf } from "../workload/workloads.ts";

/** Whether a transaction needs room in a block that may be used up. */
export function takesRoom(transaction: Transaction): boolean {
  const kind = kindOf(transaction);
  return kind === "job-open" || kind === "unbond" || endedRound(transaction) !== undefined;
}

/** An estimate from the state of the head; the rules themselves count exactly. */
export class RoomInBlock {
  readonly #room = DrawRoom.ofBlock();
  readonly #lists = ListRoom.ofBlock();
  /** Jobs for whose commits the room is already taken. */
  readonly #ended = new Set<string>();
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** @returns false when the transaction must wait for another block */
  take(transaction: Transaction): boolean {
    const kind = kindOf(transaction);
    if (kind === "unbond") return this.#lists.tryPiece();
    if (kind === "parameter-vote" || kind === "algorithm-vote") {
      return this.#lists.tryVote(this.#state.nodeIndex(transaction.sender) ?? -1);
    }
    const order = payloadIf("job-open", transaction);
    if (order !== undefined) return this.#room.tryOrder(order.spec);
    const job = endedRound(transaction);
    return job === undefined || this.#takeCommits(job);
  }

  /** Several members of a team may post a round, but only one post applies, so room is taken once. */
  #takeCommits(id: Uint8Array): boolean {
    const key = bytesKey(id);
    if (this.#ended.has(key)) return true;
    const index = this.#state.jobIndex(id);
    const job = index === undefined ? undefined : this.#state.jobs.get(index);
    if (job === undefined || !workloadOf(job.spec).isAuditable(job.spec)) return true;
    if (!this.#room.tryUpdates(job.participants.filter(hasCommitted).length)) return false;
    this.#ended.add(key);
    return true;
  }
}

/** @returns id of the job whose commits this transaction sends to their audits */
function endedRound(transaction: Transaction): Uint8Array | undefined {
  return (
    payloadIf("job-round", transaction)?.record.job ??
    payloadIf("job-refuse", transaction)?.refusal.job ??
    payloadIf("job-cancel", transaction)?.job
  );
}
