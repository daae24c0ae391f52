/** Two logs of one manager, as a member comes to see them: what is evidence of them, and which entries are void. */
import type { SignedLeaseEntry } from "../../../../chain/types/lease.ts";
import { contradicts, isUsurped } from "../../../../chain/workload/search/lease-log.ts";
import type { MemberLog } from "./member-log.ts";
import type { LogEntry } from "./member-messages.ts";
import type { Standing } from "./standing.ts";
import { forkOf, type LogHead } from "./takeover.ts";

/** Two entries of one manager that contradict each other. */
export type Fork = readonly [SignedLeaseEntry, SignedLeaseEntry];

type Place = Pick<LogHead, "view" | "sequence">;

/** A fork that was not known, or from further down than was known. */
export interface NewFork {
  readonly member: number;
  /** The first entry that is void. */
  readonly where: Place;
}

export class Forks {
  readonly #team: readonly number[];
  readonly #log: MemberLog;
  readonly #standing: Standing;
  #fork: Fork | undefined;

  constructor(team: readonly number[], log: MemberLog, standing: Standing) {
    this.#team = team;
    this.#log = log;
    this.#standing = standing;
  }

  /** The last one, which the next takeover settles. */
  get last(): Fork | undefined {
    return this.#fork;
  }

  /** Where the last one begins. */
  get limit(): Place | undefined {
    return this.#fork && forkOf(this.#fork);
  }

  /** A takeover went on before it. */
  settle(): void {
    this.#fork = undefined;
  }

  isVoid({ view, sequence }: Place): boolean {
    const { limit } = this;
    return limit?.view === view && limit.sequence <= sequence;
  }

  /**
   * Pairs of entries that one manager may not sign both, among these and those of our log: of each view the lowest,
   * which makes all of the view after it void. A message can show a thousand, and each that is taken is sent on.
   */
  among(entries: readonly LogEntry[]): readonly Fork[] {
    const lowest = new Map<number, { readonly fork: Fork; readonly sequence: number }>();
    for (const fork of this.#allAmong(entries)) {
      const where = forkOf(fork);
      if (where === undefined || isUsurped(fork[0].entry, this.#team)) continue;
      const known = lowest.get(where.view);
      if (known !== undefined && known.sequence <= where.sequence) continue;
      lowest.set(where.view, { fork, sequence: where.sequence });
    }
    return [...lowest.values()].map(({ fork }) => fork);
  }

  *#allAmong(entries: readonly LogEntry[]): Iterable<Fork> {
    for (const [i, { signed, proof }] of entries.entries()) {
      const before = entries[i - 1]?.signed;
      const other =
        before !== undefined && contradicts(before.entry, signed.entry)
          ? before
          : this.#log.contradicted(signed);
      if (other !== undefined) yield [other, signed];
      if (proof?.fork !== undefined) yield proof.fork;
    }
  }

  /** @returns undefined for what is no fork, or no news */
  take(fork: Fork): NewFork | undefined {
    const [{ entry }] = fork;
    const where = forkOf(fork);
    const member = this.#team.indexOf(entry.manager);
    if (where === undefined || member === -1) return undefined;
    const { limit } = this;
    // It may have done so in more views than one, and from further down than was seen first.
    const isNews =
      limit?.view === where.view ? where.sequence < limit.sequence : where.view === this.#log.view;
    if (this.#standing.isExpelled(member) && !isNews) return undefined;
    if (isUsurped(entry, this.#team)) return undefined;
    this.#fork = fork;
    return { member, where };
  }
}
