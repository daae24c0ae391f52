/**
 * Participants that reported units as searched and did not claim them: the others could not have these units for a
 * round. They rest: one round for each manager under which that happened. A manager can write units that a node never
 * reported, so what the rounds of one manager say, however many, is worth one round of rest after each. Each member of a
 * team works this out for itself, from its log and from what is committed to, and forgets it when it restarts; so a node
 * that lost its disk, or was forgotten, loses no more than some rounds of leases.
 */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { Job } from "../../../chain/types/job.ts";
import { leaseManagerOf } from "../../../chain/workload/search/lease-log.ts";
import type { OwnedBy } from "./given-claims.ts";
import type { LeaseTable } from "./leases/lease-table.ts";
import { type Span, sizeOf, spansOf } from "./leases/span.ts";

/** A few units may be on the log with no word of it at their node. */
const FEW_UNITS = 8;

/** Units that nodes may claim out of leases that they had themselves: what came out of others' is no word of theirs. */
export function ownedOfLeases(table: LeaseTable): OwnedBy {
  const granted = new Map<number, Span[]>();
  for (const lease of table.leases) {
    const ofNode = granted.get(lease.node);
    if (ofNode === undefined) granted.set(lease.node, [lease.granted]);
    else ofNode.push(lease.granted);
  }
  return (node) => {
    const within = spansOf(granted.get(node) ?? []).map((span) => table.ownedWithin(node, span));
    return spansOf(within.flatMap(({ first, repeated }) => [...first, ...repeated]));
  };
}

export class Unclaimed {
  /** By job and node, the rounds in which it claimed less than half of what the log gave it. */
  readonly #jobs = new Map<string, Map<number, Set<number>>>();

  /**
   * What a round came to, once nobody commits any more; the log may still grow, so the last call counts.
   * @param job in its phase revealing
   * @param ownedBy of leases that the nodes had themselves
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
  rests(job: Pick<Job, "id" | "round" | "participants" | "team">, node: number): boolean {
    if (!this.#isResting(job, node)) return false;
    return job.participants.some((participant) => !this.#isResting(job, participant.node));
  }

  #isResting({ id, round, team }: Pick<Job, "id" | "round" | "team">, node: number): boolean {
    const rounds = this.#jobs.get(toHex(id))?.get(node);
    if (rounds === undefined) return false;
    const managers = new Set([...rounds].map((one) => leaseManagerOf(team, one, 0)));
    return round <= Math.max(...rounds) + managers.size;
  }

  /** Forgets all other jobs. @param wanted their ids, hex */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const id of this.#jobs.keys()) if (!wanted.has(id)) this.#jobs.delete(id);
  }
}
