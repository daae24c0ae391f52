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
  /** Members that named entries in a promise which they did not show. */
  readonly #unproven = new Set<number>();

  constructor(state: MemberState) {
    this.#state = state;
  }

  /** Another has the turn. */
  giveUp(): void {
    this.#candidacy = undefined;
  }

  tick(now: number, effects: MemberEffect[]): void {
    const { options, standing, promised, heardAt } = this.#state;
    const { self, isForgetful } = options;
    const candidacy = this.#candidacy;
    if (candidacy !== undefined) {
      if (!candidacy.isDue(now)) return;
      this.#canvass(candidacy, effects);
      this.#fetch(candidacy, effects);
      return;
    }
    if (isForgetful || standing.isOut(self)) return;
    const from = Math.max(promised, this.#known);
    const turn = nextTurn(options, from, self, (other) => standing.isOut(other));
    if (turn === undefined || now - heardAt < patienceMs(turn.before)) return;
    const { log, forks } = this.#state;
    const facts = { shape: options, log, forks, unproven: this.#unproven };
    this.#candidacy = new Candidacy(turn.view, now, facts);
    this.#canvass(this.#candidacy, effects);
  }

  promised(from: number, signed: SignedLeasePromise, now: number, effects: MemberEffect[]): void {
    const { promise } = signed;
    const { team, round } = this.#state.options;
    const candidacy = this.#candidacy;
    if (candidacy === undefined || promise.view !== candidacy.view) return;
    if (promise.member !== team[from] || promise.round !== round) return;
    candidacy.promised(from, signed, now);
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

  entries(
    from: number,
    { after, entries }: EntriesMessage,
    now: number,
    effects: MemberEffect[],
  ): void {
    const state = this.#state;
    state.compare(entries, now, effects);
    const candidacy = this.#candidacy;
    const { limit } = state.forks;
    if (entries.length > 1 && after > 0 && limit?.sequence === after + 1) {
      // The two logs may part before what was looked at.
      if (candidacy?.looksBelow(limit, now) === false) return;
      const message = { kind: "fetch", after: Math.max(0, after - ENTRIES_A_MESSAGE) } as const;
      effects.push({ kind: "send", to: from, message });
      return;
    }
    if (candidacy === undefined) return;
    candidacy.foundBelow();
    if (after > Math.max(state.log.length, state.waitingOf(from))) return;
    state.merge({ from, entries }, now, effects);
    const next = candidacy.pending.get(from);
    if (next === undefined) return;
    const isMore = entries.length === ENTRIES_A_MESSAGE;
    if (isMore) {
      const message = { kind: "fetch", after: after + entries.length } as const;
      effects.push({ kind: "send", to: from, message });
    }
  }

  /**
   * Takes over when nothing is missing: its own promise is given with the last of those it needs; until then it still
   * follows whoever leads.
   * @returns whether this member manages now
   */
  takeOver(now: number, effects: MemberEffect[]): boolean {
    const state = this.#state;
    const candidacy = this.#candidacy;
    const given = candidacy?.promisesAt(now);
    if (candidacy === undefined || given === undefined) return false;
    const { view } = candidacy;
    for (const member of candidacy.pending.keys()) {
      this.#unproven.add(member);
      effects.push({ kind: "unproven", member, view });
    }
    const own = state.promiseOf(view);
    this.#candidacy = undefined;
    state.promise(view, effects);
    const promises = [...given, own];
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
    for (const { member, after } of wanted) {
      effects.push({ kind: "send", to: member, message: { kind: "fetch", after } });
    }
  }
}
