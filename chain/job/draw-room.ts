/**
 * Limits how many draws the transactions of one block may schedule. All of them come at one height, `drawDelay` later,
 * and none may wait. So a transaction with too many draws for that block is refused in this one; it may fit into a
 * later block.
 */
import { refuse } from "../transaction-error.ts";
import type { JobSpec } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";

/** Places in teams and among participants that the orders of one block ask for. */
export const MAX_PLACES_ORDERED = 768;
/** Updates that its records, refusals, objections and cancelled jobs send to their audits. */
export const MAX_UPDATES_SENT = 384;
/** A job costs a block as much as so many draws, because it is written and hashed again. */
export const JOB_COUNTS_AS = 8;

export class DrawRoom {
  #places: number;
  #updates: number;

  private constructor(places: number, updates: number) {
    this.#places = places;
    this.#updates = updates;
  }

  static ofBlock(): DrawRoom {
    return new DrawRoom(MAX_PLACES_ORDERED, MAX_UPDATES_SENT);
  }

  /** For transactions that are only tried, and may end up in different blocks. */
  static endless(): DrawRoom {
    return new DrawRoom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /**
   * Call it last, after all other checks.
   * @throws TransactionError TOO_MANY_DRAWS
   */
  takeOrder(spec: JobSpec): void {
    if (this.tryOrder(spec)) return;
    tooMany("orders", this.#places, MAX_PLACES_ORDERED);
  }

  /**
   * Call it last, after all other checks.
   * @throws TransactionError TOO_MANY_DRAWS
   */
  takeUpdates(updates: number): void {
    if (this.tryUpdates(updates)) return;
    tooMany("updates to audit", this.#updates, MAX_UPDATES_SENT);
  }

  /** @returns false when there is no room for it; then nothing is taken */
  tryOrder(spec: JobSpec): boolean {
    const places = placesOf(spec);
    if (places > this.#places) return false;
    this.#places -= places;
    return true;
  }

  /** @returns false when there is no room for them; then nothing is taken */
  tryUpdates(updates: number): boolean {
    const room = updates === 0 ? 0 : JOB_COUNTS_AS + updates;
    if (room > this.#updates) return false;
    this.#updates -= room;
    return true;
  }
}

/** The largest number of participants that are drawn. */
export function drawnParticipants(spec: JobSpec): number {
  return Math.min(spec.participants, workloadOf(spec).mostParticipants(spec));
}

/** The part of a block's room that an order takes. */
export function placesOf(spec: JobSpec): number {
  return JOB_COUNTS_AS + spec.teamSize + drawnParticipants(spec);
}

function tooMany(what: string, left: number, limit: number): never {
  refuse(
    `the draws for its ${what} take more than is left in this block: ${left} of ${limit}`,
    { code: "TOO_MANY_DRAWS", left, limit },
    "send it again, for a later block",
  );
}
