/** A team that keeps a lease log: honest members, whose messages arrive at once, and members that a test speaks for. */
import type {
  LeaseEntry,
  LeasePromise,
  SignedLeaseEntry,
  SignedLeasePromise,
} from "../../chain/types/lease.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import { leaseRoot } from "../../chain/workload/search/lease-log.ts";
import { Member } from "../../node/jobs/search/leases/member.ts";
import type {
  ForkEffect,
  LogEntry,
  MemberEffect,
  MemberEvent,
  MemberMessage,
} from "../../node/jobs/search/leases/member-messages.ts";
import { fieldsOf, type LeaseStep } from "../../node/jobs/search/leases/step.ts";
import { headOf } from "../../node/jobs/search/leases/takeover.ts";

export const JOB = new Uint8Array(32).fill(7);
export const UNSIGNED = new Uint8Array(64);

/** Node indexes; position i has 100 + i. */
function teamOf(size: number): number[] {
  return Array.from({ length: size }, (_, i) => 100 + i);
}

export interface LeaseTeamOptions {
  readonly size?: number;
  readonly units?: number;
  /** Positions of honest members that have lost their journal. */
  readonly forgetful?: readonly number[];
}

export class LeaseTeam {
  now = 0;
  readonly members = new Map<number, Member>();
  readonly forks: ForkEffect[] = [];
  /** All that members asked their driver to do, in order. */
  readonly done: { readonly by: number; readonly effect: MemberEffect }[] = [];
  /** By position: what was last sent to a member that the test speaks for. */
  readonly told = new Map<number, MemberMessage>();
  readonly #team: readonly number[];
  #ids = 0;

  constructor(
    honest: readonly number[],
    { size = 3, units = 1_000, forgetful = [] }: LeaseTeamOptions = {},
  ) {
    this.#team = teamOf(size);
    for (const self of honest) {
      const isForgetful = forgetful.includes(self);
      const place = { team: this.#team, round: 1, job: JOB, open: [{ from: 0, to: units }], self };
      const sign = (entry: LeaseEntry): SignedLeaseEntry => ({ entry, signature: UNSIGNED });
      const signPromise = (promise: LeasePromise) => ({ promise, signature: UNSIGNED });
      const machine = new Member({ ...place, now: 0, isForgetful, sign, signPromise });
      this.members.set(self, machine);
    }
  }

  feed(to: number, event: MemberEvent): void {
    for (const effect of this.members.get(to)?.step(event) ?? []) {
      this.done.push({ by: to, effect });
      if (effect.kind === "fork") this.forks.push(effect);
      if (effect.kind !== "send") continue;
      const others = [...this.#team.keys()].filter((one) => one !== to);
      for (const one of effect.to === "others" ? others : [effect.to]) {
        this.told.set(one, effect.message);
        this.say(to, one, effect.message);
      }
    }
  }

  /** What a member sent, of one kind. */
  sent<Kind extends MemberMessage["kind"]>(
    by: number,
    kind: Kind,
  ): Extract<MemberMessage, { kind: Kind }>[] {
    return this.done.flatMap(({ by: one, effect }) => {
      if (one !== by || effect.kind !== "send" || effect.message.kind !== kind) return [];
      return [effect.message as Extract<MemberMessage, { kind: Kind }>];
    });
  }

  say(from: number, to: number, message: MemberMessage): void {
    this.feed(to, { kind: "message", now: this.now, from, message });
  }

  /** Lets time pass. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 250) {
      for (const i of this.members.keys()) this.feed(i, { kind: "tick", now: this.now });
    }
  }

  write(by: number, step: LeaseStep): void {
    this.feed(by, { kind: "write", now: this.now, id: ++this.#ids, step });
  }

  get leaders(): number[] {
    return [...this.members].filter(([, { isLeading }]) => isLeading).map(([i]) => i);
  }

  roots(i: number): string[] {
    const log = this.members.get(i)?.log ?? [];
    return log.map(({ signed }) => Buffer.from(leaseRoot(signed.entry)).toString("hex"));
  }
}

/** An entry behind another, by whoever the test speaks for. */
export function entry(
  before: LogEntry | undefined,
  step: LeaseStep,
  { manager = 100, view = 0 } = {},
): LogEntry {
  const last = before?.signed.entry;
  const frame = {
    job: JOB,
    round: 1,
    view,
    sequence: (last?.sequence ?? 0) + 1,
    previous: last === undefined ? ZERO_HASH : leaseRoot(last),
    manager,
    at: 0n,
  };
  return { signed: { entry: { ...frame, ...fieldsOf(step) }, signature: UNSIGNED } };
}

/** A promise of the member in a position, whose log ends with an entry. */
export function promised(position: number, view: number, last?: LogEntry): SignedLeasePromise {
  const { view: lastView, sequence: lastSequence, root: lastRoot } = headOf(last?.signed.entry);
  const head = { lastView, lastSequence, lastRoot };
  const promise = { job: JOB, round: 1, view, member: 100 + position, ...head };
  return { promise, signature: UNSIGNED };
}

export function grant(lease: number, node: number, from: number): LeaseStep {
  return { kind: "grant", lease, node, lane: 0, from, to: from + 10 };
}

export function append(
  entries: readonly LogEntry[],
  after: number,
  held = 0,
  view = 0,
): MemberMessage {
  return { kind: "append", view, after, entries, held };
}
