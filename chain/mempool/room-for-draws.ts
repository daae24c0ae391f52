/**
 * Leaves out of a block what there is no room for in its draws. Else thousands of orders that do not fit would stand in
 * the way of everything that offers less, and pay nothing for it.
 */
import { DrawRoom } from "../job/draw-room.ts";
import { hasCommitted } from "../job/phase.ts";
import { isAuditable } from "../job/segments.ts";
import type { State } from "../state/state.ts";
import { kindOf } from "../transactions/fee.ts";
import type { Payloads, Transaction } from "../types/transaction.ts";

/** As far as the state of the head tells; the rules themselves count exactly. */
export class RoomForDraws {
  readonly #room = DrawRoom.ofBlock();
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** @returns false when a transaction has to wait for another block */
  take(transaction: Transaction): boolean {
    const { value } = transaction.payload;
    switch (kindOf(transaction)) {
      case "job-open":
        return this.#room.tryOrder((value as Payloads["job-open"]).spec);
      case "job-round":
        return this.#takeCommits((value as Payloads["job-round"]).record.job);
      case "job-refuse":
        return this.#takeCommits((value as Payloads["job-refuse"]).refusal.job);
      case "job-cancel":
        return this.#takeCommits((value as Payloads["job-cancel"]).job);
      default:
        return true;
    }
  }

  #takeCommits(id: Uint8Array): boolean {
    const index = this.#state.jobIndex(id);
    const job = index === undefined ? undefined : this.#state.jobs.get(index);
    if (job === undefined || !isAuditable(job.spec)) return true;
    return this.#room.tryUpdates(job.participants.filter(hasCommitted).length);
  }
}
