/** A member in the role of the active manager: it writes, and what more than half of the team holds is safe. */
import { leaseEntryKind } from "../../../../chain/workload/search/lease-log.ts";
import type { HoldsMessage, MemberEffect } from "./member-messages.ts";
import type { MemberState } from "./member-state.ts";
import { Replication } from "./replication.ts";
import type { LeaseStep } from "./step.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

export class Leader {
  readonly #state: MemberState;
  readonly #replication: Replication;
  /** By sequence: steps that the desk waits for. */
  readonly #writing = new Map<number, number>();
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(state: MemberState) {
    const { options, log, standing } = state;
    const { team, round, self } = options;
    this.#state = state;
    this.#replication = new Replication({ team, round, self, log, standing });
  }

  /** Its takeover is the last entry of the log. */
  begin(now: number, effects: MemberEffect[]): void {
    this.#writing.clear();
    this.#replication.begin();
    this.#state.lead(now, effects);
    this.#advance(effects);
    this.#beat(now, effects);
  }

  tick(now: number, effects: MemberEffect[]): void {
    const state = this.#state;
    // The first manager of a round begins without a takeover.
    if (state.told !== state.promised) state.lead(now, effects);
    if (this.#isAlone(now)) {
      state.yield(effects);
      state.heardAt = now;
    } else if (now - this.#beatAt >= BEAT_MS) this.#beat(now, effects);
  }

  write(id: number, step: LeaseStep, now: number, effects: MemberEffect[]): void {
    if (!this.#state.write(step, now, effects)) return;
    this.#writing.set(this.#state.log.length, id);
    this.#advance(effects);
    effects.push(...this.#replication.send(this.#state.promised));
  }

  take(from: number, message: HoldsMessage, now: number, effects: MemberEffect[]): void {
    this.#replication.take(from, message, now);
    if (message.kind === "holds") this.#advance(effects);
    effects.push(...this.#replication.sendTo(from, this.#state.promised));
  }

  /** A manager that too few answer cannot write; it makes room, so that those who lost it can follow another. */
  #isAlone(now: number): boolean {
    const isFresh = now - this.#state.heardAt < MANAGER_MISSES * BEAT_MS;
    return !isFresh && this.#replication.isAlone(now);
  }

  #beat(now: number, effects: MemberEffect[]): void {
    this.#beatAt = now;
    effects.push(...this.#replication.beat(this.#state.promised));
  }

  /** Entries are safe once more than half holds them, and one of the view under way with them. */
  #advance(effects: MemberEffect[]): void {
    const state = this.#state;
    const { held } = this.#replication;
    if (state.log.at(held)?.signed.entry.view !== state.promised) return;
    const safe = state.safeTo(held, effects);
    for (const { signed } of safe) {
      const id = this.#writing.get(signed.entry.sequence);
      if (id === undefined) continue;
      this.#writing.delete(signed.entry.sequence);
      effects.push({ kind: "written", id });
    }
    // The others begin the next round's log when they know that it is safe.
    const last = safe.at(-1)?.signed.entry;
    if (last !== undefined && leaseEntryKind(last) === "turn") this.#beat(this.#beatAt, effects);
  }
}
