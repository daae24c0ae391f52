/** A member that others ask for a promise, when they want to manage. */
import type { DeclineMessage, MemberEffect } from "./member-messages.ts";
import type { MemberState } from "./member-state.ts";
import { turnOf } from "./takeover.ts";
import { BEAT_MS } from "./timing.ts";

/** The first manager of a round is not taken for silent before this. */
const BEGIN_MS = 2 * BEAT_MS;

export class Voter {
  readonly #state: MemberState;

  constructor(state: MemberState) {
    this.#state = state;
  }

  /** @returns whether it promised a view that it had not promised before */
  canvass(from: number, view: number, now: number, effects: MemberEffect[]): boolean {
    const state = this.#state;
    const reason = this.#whyNot(from, view, now);
    if (reason !== undefined) {
      const message = { kind: "decline", view, reason, known: state.promised } as const;
      effects.push({ kind: "send", to: from, message });
      return false;
    }
    const isNew = view > state.promised;
    if (isNew) {
      state.promise(view, effects);
      // The candidate has its chance before the next stands.
      state.heardAt = now;
    }
    const message = { kind: "promise", signed: state.promiseOf(view) } as const;
    effects.push({ kind: "send", to: from, message });
    return isNew;
  }

  #whyNot(from: number, view: number, now: number): DeclineMessage["reason"] | undefined {
    const { options, standing, promised, log, isLeading, told, beganAt } = this.#state;
    if (options.isForgetful) return "forgetful";
    if (standing.isExpelled(from)) return "expelled";
    if (view < promised || turnOf(options, view) !== from) return "view";
    if (view === promised) return log.view === view ? "view" : undefined;
    if (standing.isOut(from)) return "barred";
    if (view > this.#state.mostView(now)) return "view";
    // A manager that nobody heard yet has its time to begin, or a member could take every round's first turn.
    const isOver = standing.isOut(turnOf(options, promised));
    const isBeginning = !isOver && now - beganAt < BEGIN_MS;
    const isKnown = told !== undefined && !this.#state.isSilent(now);
    return isLeading || isBeginning || isKnown ? "alive" : undefined;
  }
}
