/** A member in the role of a candidate: it stands when its turn has come, and takes over with the others' promises. */
import type { SignedLeasePromise } from "../../../../chain/types/lease.ts";
import { Candidacy } from "./candidacy.ts";
import {
  type DeclineMessage,
  ENTRIES_A_MESSAGE,
  type EntriesMessage,
  type MemberEffect,
} from "./member-messages.ts";
import type { MemberState } from "./member-state.ts";
import { nextTurn, patienceMs } from "./takeover.ts";

export class Candidate {
  readonly #state: MemberState;
  #candidacy: Candidacy | undefined;
  /** The highest view that a member said it had promised. */
  #known = 0;

  constructor(state: MemberState) {
    this.#state = state;
  }

  /** Another has the turn. */
  giveUp(): void {
    this.#candidacy = undefined;
  }

  /** @returns whether it stands since now */
  tick(now: number, effects: MemberEffect[]): boolean {
    const { options, standing, promised, heardAt } = this.#state;
    const { self, isForgetful } = options;
    const candidacy = this.#candidacy;
    if (candidacy !== undefined) {
      if (!candidacy.isDue(now)) return false;
      this.#canvass(candidacy, effects);
      this.#fetch(candidacy, effects);
      return false;
    }
    if (isForgetful || standing.isOut(self)) return false;
    const from = Math.max(promised, this.#known);
    const turn = nextTurn(options, from, self, (other) => standing.isOut(other));
    if (turn === undefined || now - heardAt < patienceMs(turn.before)) return false;
    const { log, forks } = this.#state;
    this.#candidacy = new Candidacy(turn.view, now, { shape: options, log, forks });
    this.#canvass(this.#candidacy, effects);
    return true;
  }

  promised(from: number, signed: SignedLeasePromise, effects: MemberEffect[]): void {
    const { promise } = signed;
    const { team, round } = this.#state.options;
    const candidacy = this.#candidacy;
    if (candidacy === undefined || promise.view !== candidacy.view) return;
    if (promise.member !== team[from] || promise.round !== round) return;
    candidacy.promised(from, signed);
    this.#fetch(candidacy, effects);
  }

  declined(from: number, { view, known, reason }: DeclineMessage, now: number): void {
    const state = this.#state;
    const candidacy = this.#candidacy;
    if (candidacy?.view !== view) return;
    if (reason !== "view" && reason !== "alive") return;
    // Views are few enough that a liar must not use them up.
    const most = state.promised + 2 * state.options.team.length;
    this.#known = Math.max(this.#known, Math.min(known, most));
    if (!candidacy.declined(from)) return;
    // Another has the turn, or still has it: wait for it as for any manager.
    this.#candidacy = undefined;
    state.heardAt = now;
  }

  /** @returns whether all that it asked for may be here */
  entries(
    from: number,
    { after, entries }: EntriesMessage,
    now: number,
    effects: MemberEffect[],
  ): boolean {
    const state = this.#state;
    state.compare(entries, now, effects);
    const candidacy = this.#candidacy;
    if (candidacy === undefined) return false;
    if (entries.length > 1 && after > 0 && state.forks.limit?.sequence === after + 1) {
      // The two logs may part before what was looked at.
      const message = { kind: "fetch", after: Math.max(0, after - ENTRIES_A_MESSAGE) } as const;
      effects.push({ kind: "send", to: from, message });
      return false;
    }
    if (after > state.log.length) return false;
    const best = candidacy.furthest;
    state.merge(entries, best?.head.view ?? 0, now, effects);
    if (candidacy.differing !== undefined) this.#fetch(candidacy, effects);
    const isMore = entries.length === ENTRIES_A_MESSAGE;
    if (best !== undefined && candidacy.isMissing(best.head) && isMore) {
      const message = { kind: "fetch", after: after + entries.length } as const;
      effects.push({ kind: "send", to: best.member, message });
    }
    return true;
  }

  /**
   * Takes over when nothing is missing: its own promise is given with the last of those it needs; until then it still
   * follows whoever leads.
   * @returns whether this member manages now
   */
  takeOver(now: number, effects: MemberEffect[]): boolean {
    const state = this.#state;
    const candidacy = this.#candidacy;
    if (candidacy?.isReady !== true) return false;
    const { view } = candidacy;
    const own = state.promiseOf(view);
    this.#candidacy = undefined;
    state.promise(view, effects);
    const promises = [...candidacy.promises, own];
    const fork = state.forks.last;
    const proof = fork === undefined ? { promises } : { promises, fork };
    if (!state.write({ kind: "takeover" }, now, effects, proof)) return false;
    state.forks.settle();
    return true;
  }

  #canvass({ view }: Candidacy, effects: MemberEffect[]): void {
    effects.push({ kind: "send", to: "others", message: { kind: "canvass", view } });
  }

  #fetch({ wanted }: Candidacy, effects: MemberEffect[]): void {
    if (wanted === undefined) return;
    const message = { kind: "fetch", after: wanted.after } as const;
    effects.push({ kind: "send", to: wanted.member, message });
  }
}
