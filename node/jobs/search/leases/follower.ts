/** A member that follows the manager of a view: it takes the manager's entries, and says how far it holds them. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import { leaseRoot } from "../../../../chain/workload/search/lease-log.ts";
import { type AppendMessage, ENTRIES_A_MESSAGE, type MemberEffect } from "./member-messages.ts";
import type { MemberState } from "./member-state.ts";
import { turnOf } from "./takeover.ts";

export class Follower {
  readonly #state: MemberState;

  constructor(state: MemberState) {
    this.#state = state;
  }

  /**
   * From the manager of a view: its log is ours from here on.
   * @returns whether this member follows it
   */
  append(from: number, message: AppendMessage, now: number, effects: MemberEffect[]): boolean {
    const state = this.#state;
    const { log, options } = state;
    const { view, after, entries, held } = message;
    if (turnOf(options, view) !== from || view < state.promised) {
      // Its manager learns that the team has gone on.
      if (view < state.promised) this.#decline(from, view, effects);
      return false;
    }
    const waits = state.merge({ from, entries }, now, effects);
    if (state.standing.isExpelled(from)) return false;
    const last = entries.at(-1)?.signed;
    const agrees = last === undefined ? after <= log.length : log.has(last);
    if (!agrees || log.view !== view) {
      // Of a log that is longer than a message, this much is here; else what cannot differ.
      const isPart = agrees && last !== undefined && last.entry.view < view;
      const sequence = waits ?? (isPart ? last.entry.sequence : this.#sameUntil(message));
      effects.push({ kind: "send", to: from, message: { kind: "lacks", view, sequence } });
      return false;
    }
    if (view > state.promised) state.promise(view, effects);
    state.heardAt = now;
    if (state.told !== view) {
      state.told = view;
      effects.push({ kind: "manager", view, member: from });
    }
    state.safeTo(held, effects);
    if (options.isForgetful) return true;
    const holds = { kind: "holds", view, sequence: log.length } as const;
    effects.push({ kind: "send", to: from, message: holds });
    return true;
  }

  #decline(to: number, view: number, effects: MemberEffect[]): void {
    const { promised } = this.#state;
    const message = { kind: "decline", view, reason: "view", known: promised } as const;
    effects.push({ kind: "send", to, message });
  }

  /** Up to where an honest manager's log is ours; further down when one before it wrote two, and we have the other. */
  #sameUntil({ after, entries }: AppendMessage): number {
    const { log } = this.#state;
    const own = log.at(after)?.signed.entry;
    const first = entries[0]?.signed.entry;
    if (own === undefined || first === undefined || after > log.safe) return log.safe;
    if (equalBytes(first.previous, leaseRoot(own))) return log.safe;
    return Math.max(0, after - ENTRIES_A_MESSAGE);
  }
}
