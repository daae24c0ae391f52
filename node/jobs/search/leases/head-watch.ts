/**
 * Members tell each other every few beats how far their logs go, so that a manager that shows each of them another log is
 * seen while it manages. A root is no proof: whoever has another entry at that place asks for the entries, which are
 * signed.
 */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import { leaseRoot } from "../../../../chain/workload/search/lease-log.ts";
import { ENTRIES_A_MESSAGE, type HeadMessage, type MemberEffect } from "./member-messages.ts";
import type { MemberState } from "./member-state.ts";
import { BEAT_MS } from "./timing.ts";

/** Between two words to all, and between two questions to one member. */
const HEAD_MS = 2 * BEAT_MS;

export class HeadWatch {
  readonly #state: MemberState;
  readonly #askedAt = new Map<number, number>();
  #toldAt: number;

  constructor(state: MemberState) {
    this.#state = state;
    this.#toldAt = state.beganAt;
  }

  tick(now: number, effects: MemberEffect[]): void {
    const { log } = this.#state;
    if (log.length === 0 || now - this.#toldAt < HEAD_MS) return;
    this.#toldAt = now;
    effects.push({ kind: "send", to: "others", message: { kind: "head", ...log.head } });
  }

  /** The longer log of the two finds what differs, so nothing is asked of logs that go further than ours. */
  take(from: number, head: HeadMessage, now: number, effects: MemberEffect[]): void {
    const { log, forks } = this.#state;
    const own = log.at(head.sequence)?.signed.entry;
    if (own === undefined || own.view !== head.view || forks.isVoid(head)) return;
    if (equalBytes(leaseRoot(own), head.root)) return;
    if (now - (this.#askedAt.get(from) ?? Number.NEGATIVE_INFINITY) < HEAD_MS) return;
    this.#askedAt.set(from, now);
    const after = Math.max(0, head.sequence - ENTRIES_A_MESSAGE);
    effects.push({ kind: "send", to: from, message: { kind: "fetch", after } });
  }
}
