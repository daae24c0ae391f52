/**
 * Participants that reported units as searched and did not claim them: the others could not have these units for a
 * round. They rest: for one round after the first time, twice as long each time. Each member of a team works this out
 * for itself, from its log and from what is committed to, and forgets it when it restarts; so a node that lost its
 * disk, or was forgotten, loses no more than some rounds of leases.
 */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { OwnedBy } from "./given-claims.ts";
import { sizeOf } from "./leases/span.ts";

/** A few units may be on the log with no word of it at their node. */
const FEW_UNITS = 8;
const MOST_TIMES = 16;

export class Unclaimed {
  /** By job and node, the rounds in which it claimed less than half of what the log gave it. */
  readonly #jobs = new Map<string, Map<number, Set<number>>>();

  /**
   * What a round came to, once nobody commits any more; the log may still grow, so the last call counts.
   * @param job in its phase revealing
   */
  note({ id, round, participants }: Job, ownedBy: OwnedBy): void {
    const owners = participants
      .map(({ node, units }) => ({ node, units, owned: sizeOf(ownedBy(node)) }))
      .filter(({ owned }) => owned > FEW_UNITS);
    const short = owners.filter(({ units, owned }) => 2 * units < owned);
    // Where most of them claim little, that is no fault of theirs, as when the manager died at the end of the round.
    const isTheirs = 2 * short.length <= owners.length || owners.length === 1;
    const nodes = this.#jobs.get(toHex(id)) ?? new Map<number, Set<number>>();
    this.#jobs.set(toHex(id), nodes);
    for (const { node } of participants) {
      const rounds = nodes.get(node) ?? new Set();
      if (isTheirs && short.some((one) => one.node === node)) rounds.add(round);
      else rounds.delete(round);
      if (rounds.size > 0) nodes.set(node, rounds);
      else nodes.delete(node);
    }
  }

  /** Whether a node gets no lease in a round. Where all would rest, nobody does. */
  rests(job: Pick<Job, "id" | "round" | "participants">, node: number): boolean {
    if (!this.#isResting(job, node)) return false;
    return job.participants.some((participant) => !this.#isResting(job, participant.node));
  }

  #isResting({ id, round }: Pick<Job, "id" | "round">, node: number): boolean {
    const rounds = this.#jobs.get(toHex(id))?.get(node);
    if (rounds === undefined) return false;
    const times = Math.min(rounds.size, MOST_TIMES);
    return round <= Math.max(...rounds) + 2 ** (times - 1);
  }

  /** Forgets all other jobs. @param wanted their ids, hex */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const id of this.#jobs.keys()) if (!wanted.has(id)) this.#jobs.delete(id);
  }
}
