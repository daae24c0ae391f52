/**
 * A team that keeps a lease log over a bad network, in virtual time: messages get lost and overtake each other, members
 * are cut off, die and come back with their journal or without. What they sign, write and hold safe is remembered.
 */

import { toHex } from "../../../chain/crypto/hash.ts";
import type {
  LeaseEntry,
  LeasePromise,
  SignedLeaseEntry,
  SignedLeasePromise,
} from "../../../chain/types/lease.ts";
import { leaseRoot } from "../../../chain/workload/search/lease-log.ts";
import { Member } from "../../../node/jobs/search/leases/member.ts";
import type {
  JournalNote,
  LogEntry,
  MemberEffect,
  MemberEvent,
  MemberMessage,
} from "../../../node/jobs/search/leases/member-messages.ts";
import type { LeaseStep } from "../../../node/jobs/search/leases/step.ts";
import type { Random } from "../random.ts";
import type { Timeline } from "../timeline.ts";

export interface TeamModules {
  readonly timeline: Timeline;
  readonly random: Random;
  /** Milliseconds one way; undefined: the message is lost. */
  readonly delay: (from: number, to: number) => number | undefined;
  /** What a member that lies sends instead. */
  readonly falsify?: (from: number, to: number, message: MemberMessage) => MemberMessage;
  /** Entries of a manager that lies may be void, though members took them for safe. */
  readonly isVoid?: (entry: LeaseEntry) => boolean;
  /** What else happens with the effects of a member. */
  readonly onEffect?: (member: number, effect: MemberEffect) => void;
  /** A point of the protocol is passed; returns true to die there. */
  readonly onPoint?: (member: number, point: string) => boolean;
}

export interface TeamOptions {
  readonly size: number;
  readonly units: number;
}

interface Seat {
  member: Member | undefined;
  journal: JournalNote[];
  /** It has come back without its journal in this round. */
  isForgetful: boolean;
  /** Counts its lives. */
  life: number;
}

const TICK_MS = 250;
const NO_SIGNATURE = new Uint8Array(64);

export class SimulatedTeam {
  readonly #options: TeamOptions;
  readonly #modules: TeamModules;
  readonly #seats: Seat[];
  readonly team: readonly number[];
  /** By sequence: what members took for safe. */
  readonly safe = new Map<number, string>();
  readonly findings: string[] = [];
  /** By manager, view and sequence: root of what it signed. */
  readonly #signed = new Map<string, string>();

  constructor(options: TeamOptions, modules: TeamModules) {
    this.#options = options;
    this.#modules = modules;
    this.team = Array.from({ length: options.size }, (_, i) => 100 + i);
    this.#seats = this.team.map(() => ({
      member: undefined,
      journal: [],
      isForgetful: false,
      life: 0,
    }));
    for (const i of this.team.keys()) this.start(i, false);
    this.#every();
  }

  get leader(): number | undefined {
    const views = this.#seats.map(({ member }) => {
      const view = member?.log.at(-1)?.signed.entry.view ?? 0;
      return member?.isLeading === true ? view : -1;
    });
    const best = Math.max(...views);
    return best === -1 ? undefined : views.indexOf(best);
  }

  isUp(i: number): boolean {
    return this.#seats[i]?.member !== undefined;
  }

  member(i: number): Member | undefined {
    return this.#seats[i]?.member;
  }

  /** @param forgets it comes back without its journal */
  start(i: number, forgets: boolean): void {
    const seat = this.#seats[i];
    if (seat === undefined || seat.member !== undefined) return;
    if (forgets) seat.journal = [];
    seat.isForgetful ||= forgets;
    seat.life++;
    const options = {
      team: this.team,
      round: 1,
      job: new Uint8Array(32).fill(7),
      open: [{ from: 0, to: this.#options.units }],
      self: i,
      now: this.#modules.timeline.now,
      isForgetful: seat.isForgetful,
      sign: (entry: LeaseEntry) => this.#sign(entry),
      signPromise: (promise: LeasePromise): SignedLeasePromise => ({
        promise,
        signature: NO_SIGNATURE,
      }),
    };
    seat.member = new Member(options, seat.journal);
  }

  kill(i: number): void {
    const seat = this.#seats[i];
    if (seat === undefined) return;
    seat.member = undefined;
    seat.life++;
  }

  write(i: number, id: number, step: LeaseStep): void {
    this.feed(i, { kind: "write", now: this.#modules.timeline.now, id, step });
  }

  feed(i: number, event: MemberEvent): void {
    const seat = this.#seats[i];
    if (seat?.member === undefined) return;
    const { life } = seat;
    for (const effect of seat.member.step(event)) {
      if (seat.life !== life) return;
      if (this.#modules.onPoint?.(i, `before ${nameOf(effect)}`) === true) {
        this.kill(i);
        return;
      }
      this.#carry(i, seat, effect);
    }
  }

  #carry(i: number, seat: Seat, effect: MemberEffect): void {
    switch (effect.kind) {
      case "journal":
        seat.journal.push(effect.note);
        break;
      case "send": {
        const others = [...this.team.keys()].filter((to) => to !== i);
        for (const to of effect.to === "others" ? others : [effect.to]) {
          this.#send(i, to, effect.message);
        }
        break;
      }
      case "safe":
        for (const logged of effect.entries) this.#isSafe(i, logged);
        break;
      default:
        break;
    }
    this.#modules.onEffect?.(i, effect);
  }

  #send(from: number, to: number, message: MemberMessage): void {
    const { timeline, delay, falsify } = this.#modules;
    const ms = delay(from, to);
    if (ms === undefined) return;
    const said = falsify?.(from, to, message) ?? message;
    timeline.after(ms, () => {
      this.feed(to, { kind: "message", now: timeline.now, from, message: said });
    });
  }

  #isSafe(i: number, { signed }: LogEntry): void {
    if (this.#modules.isVoid?.(signed.entry) === true) return;
    const { sequence } = signed.entry;
    const root = toHex(leaseRoot(signed.entry));
    const known = this.safe.get(sequence);
    if (known === undefined) this.safe.set(sequence, root);
    else if (known !== root) {
      this.findings.push(`member ${i} holds another entry ${sequence} safe than one before it`);
    }
  }

  #sign(entry: LeaseEntry): SignedLeaseEntry {
    const key = `${entry.manager}/${entry.view}/${entry.sequence}`;
    const root = toHex(leaseRoot(entry));
    const known = this.#signed.get(key);
    if (known !== undefined && known !== root) {
      this.findings.push(`node ${entry.manager} signs two entries ${entry.sequence} of one view`);
    }
    this.#signed.set(key, root);
    return { entry, signature: NO_SIGNATURE };
  }

  #every(): void {
    const { timeline } = this.#modules;
    timeline.after(TICK_MS, () => {
      for (const i of this.team.keys()) this.feed(i, { kind: "tick", now: timeline.now });
      this.#every();
    });
  }
}

function nameOf(effect: MemberEffect): string {
  return effect.kind === "send" ? `${effect.kind} ${effect.message.kind}` : effect.kind;
}
