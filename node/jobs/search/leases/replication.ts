/** How the manager of a view brings its log to the other members, and what it knows that they hold. */
import type { MemberLog } from "./member-log.ts";
import { ENTRIES_A_MESSAGE, type HoldsMessage, type SendEffect } from "./member-messages.ts";
import type { Standing } from "./standing.ts";
import { majorityOf } from "./takeover.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

export interface ReplicationFacts {
  readonly team: readonly number[];
  readonly round: number;
  readonly self: number;
  readonly log: MemberLog;
  readonly standing: Standing;
}

export class Replication {
  readonly #facts: ReplicationFacts;
  /** By position: up to where that member holds the log of the view that this one leads. */
  readonly #holds = new Map<number, number>();
  /** By position: after which entry it is sent again what it lacks. It need not hold what is before. */
  readonly #from = new Map<number, number>();
  readonly #sent = new Map<number, number>();
  /** By position: when that member last answered this manager. */
  readonly #answered = new Map<number, number>();
  /** By position: when what it lacks was last sent again. */
  readonly #lackedAt = new Map<number, number>();

  constructor(facts: ReplicationFacts) {
    this.#facts = facts;
  }

  /** In a new view nobody is known to hold anything of it. */
  begin(): void {
    this.#holds.clear();
    this.#from.clear();
    this.#sent.clear();
    this.#answered.clear();
  }

  /** An answer of a member. */
  take(from: number, { kind, sequence }: HoldsMessage, now: number): void {
    this.#answered.set(from, now);
    const until = Math.min(sequence, this.#facts.log.length);
    if (kind === "lacks") {
      // It is sent again what it asks for, but not for every message that it sends.
      if (this.#lackedAt.get(from) === now) return;
      this.#lackedAt.set(from, now);
      this.#sent.set(from, until);
      this.#from.set(from, until);
      const holds = this.#holds.get(from);
      if (holds !== undefined) this.#holds.set(from, Math.min(holds, until));
      return;
    }
    this.#holds.set(from, Math.max(this.#holds.get(from) ?? 0, until));
    this.#from.set(from, Math.max(this.#from.get(from) ?? 0, until));
  }

  /** Whether too few members answered lately for anything to become safe. */
  isAlone(now: number): boolean {
    let there = 1;
    for (const at of this.#answered.values()) if (now - at < MANAGER_MISSES * BEAT_MS) there++;
    return there < majorityOf(this.#facts);
  }

  /** Up to where more than half of the team holds the log. */
  get held(): number {
    const { log, standing } = this.#facts;
    const held = [...this.#holds]
      .filter(([member]) => !standing.isExpelled(member))
      .map(([, sequence]) => sequence);
    held.push(log.length);
    held.sort((a, b) => b - a);
    return held[majorityOf(this.#facts) - 1] ?? 0;
  }

  /** What each member lacks, and a word to those that lack nothing. */
  beat(view: number): SendEffect[] {
    this.#sent.clear();
    return this.#facts.team.flatMap((_, member) => this.#messageTo(member, view, true));
  }

  /** What members lack, as far as it was not sent. */
  send(view: number): SendEffect[] {
    return this.#facts.team.flatMap((_, member) => this.#messageTo(member, view, false));
  }

  sendTo(member: number, view: number): SendEffect[] {
    return this.#messageTo(member, view, false);
  }

  #messageTo(member: number, view: number, isBeat: boolean): SendEffect[] {
    const { self, log } = this.#facts;
    if (member === self) return [];
    // A member that has not answered yet may hold another log after what is safe.
    const from = this.#from.get(member) ?? Math.min(log.safe, log.length);
    const after = Math.max(this.#sent.get(member) ?? 0, from);
    const entries = log.entries.slice(after, after + ENTRIES_A_MESSAGE);
    if (entries.length === 0 && !isBeat) return [];
    this.#sent.set(member, after + entries.length);
    const message = { kind: "append", view, after, entries, held: log.safe } as const;
    return [{ kind: "send", to: member, message }];
  }
}
