/** Members beside one that breaks the rules: that writes two logs, manages out of turn, or gains by a silent manager. */
import { expect } from "chai";
import type {
  LeaseEntry,
  LeasePromise,
  SignedLeaseEntry,
} from "../../../../../chain/types/lease.ts";
import { ZERO_HASH } from "../../../../../chain/types/primitive.ts";
import { leaseRoot } from "../../../../../chain/workload/search/lease-log.ts";
import { Member } from "../../../../../node/jobs/search/leases/member.ts";
import type {
  ForkEffect,
  LogEntry,
  MemberEvent,
  MemberMessage,
} from "../../../../../node/jobs/search/leases/member-messages.ts";
import { fieldsOf, type LeaseStep, stepOf } from "../../../../../node/jobs/search/leases/step.ts";

const TEAM = [100, 101, 102];
const JOB = new Uint8Array(32).fill(7);
const UNSIGNED = new Uint8Array(64);

/** Honest members, whose messages arrive at once, and members that the test speaks for. */
class Team {
  now = 0;
  readonly members = new Map<number, Member>();
  readonly forks: ForkEffect[] = [];
  /** By position: what was last sent to a member that the test speaks for. */
  readonly told = new Map<number, MemberMessage>();
  #ids = 0;

  constructor(honest: readonly number[]) {
    for (const self of honest) {
      const options = { team: TEAM, round: 1, job: JOB, open: [{ from: 0, to: 1_000 }], self };
      const sign = (entry: LeaseEntry): SignedLeaseEntry => ({ entry, signature: UNSIGNED });
      const signPromise = (promise: LeasePromise) => ({ promise, signature: UNSIGNED });
      const machine = new Member({ ...options, now: 0, isForgetful: false, sign, signPromise });
      this.members.set(self, machine);
    }
  }

  feed(to: number, event: MemberEvent): void {
    for (const effect of this.members.get(to)?.step(event) ?? []) {
      if (effect.kind === "fork") this.forks.push(effect);
      if (effect.kind !== "send") continue;
      const others = [...TEAM.keys()].filter((one) => one !== to);
      for (const one of effect.to === "others" ? others : [effect.to]) {
        this.told.set(one, effect.message);
        this.say(to, one, effect.message);
      }
    }
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
function entry(
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

function grant(lease: number, node: number, from: number): LeaseStep {
  return { kind: "grant", lease, node, lane: 0, from, to: from + 10 };
}

function append(entries: readonly LogEntry[], after: number, held = 0, view = 0): MemberMessage {
  return { kind: "append", view, after, entries, held };
}

describe("team with a member that breaks the rules", () => {
  it("finds two entries at one sequence, puts their manager out, and goes on with one log", () => {
    const team = new Team([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
    team.say(0, 1, append([entry(common, grant(2, 6, 10))], 1, 2));
    team.say(0, 2, append([entry(common, grant(2, 7, 10))], 1, 2));
    expect(team.forks).deep.equal([]);
    team.pass(12_000);
    expect(new Set(team.forks.map(({ member }) => member))).deep.equal(new Set([0]));
    const [fork] = team.forks;
    expect(fork?.first.entry.sequence).equal(2);
    expect(fork?.second.entry.sequence).equal(2);
    const [leader] = team.leaders;
    if (leader === undefined) throw new Error("nobody manages");
    team.write(leader, grant(2, 8, 500));
    team.pass(3_000);
    expect(team.leaders).length(1);
    expect(team.roots(1)).deep.equal(team.roots(2));
    expect(team.members.get(1)?.log[0]?.signed).deep.equal(common.signed);
    expect(team.members.get(leader)?.log.at(-1)?.signed.entry.from).equal(500n);
    expect(team.members.get(leader)?.safe).equal(team.roots(1).length);
    // It gets no promise any more, and nobody takes its entries.
    team.told.delete(0);
    team.say(0, 1, { kind: "canvass", view: 9 });
    team.say(0, 1, append([entry(common, grant(2, 9, 10), { view: 9 })], 1, 2, 9));
    expect(team.told.get(0)).equal(undefined);
    expect(team.roots(1)).deep.equal(team.roots(2));
  });

  it("learns of two entries at once when one member gets both, and passes them on", () => {
    const team = new Team([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
    team.say(0, 1, append([entry(common, grant(2, 6, 10))], 1));
    team.say(0, 1, append([entry(common, grant(2, 7, 10))], 1));
    expect(team.forks.map(({ member }) => member)).deep.equal([0, 0]);
    // The next takes over without a wait, and what the first granted twice is on no log.
    const kinds = team.members.get(2)?.log.map(({ signed }) => stepOf(signed.entry).kind);
    expect(kinds).deep.equal(["grant", "takeover"]);
    expect(team.leaders).deep.equal([1]);
    expect(team.roots(2)).deep.equal(team.roots(1));
  });

  it("takes no entries of a member out of turn, nor of one that nobody promised its turn", () => {
    const team = new Team([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
    // In its own name, in the manager's view.
    team.say(1, 2, append([entry(common, grant(2, 6, 10), { manager: 101 })], 1));
    // In its own view, without promises, and with its own alone.
    const takeover = entry(common, { kind: "takeover" }, { manager: 101, view: 1 });
    team.say(1, 2, append([takeover], 1, 2, 1));
    const { sequence: lastSequence } = common.signed.entry;
    const promise = { job: JOB, round: 1, view: 1, member: 101, lastView: 0, lastSequence };
    const own = { promise: { ...promise, lastRoot: leaseRoot(common.signed.entry) } };
    const signed = { ...own, signature: UNSIGNED };
    const proof = { promises: [signed, signed] };
    team.say(1, 2, append([{ ...takeover, proof }], 1, 2, 1));
    expect(team.roots(2)).length(1);
    // The manager's next entry is taken as ever.
    team.say(0, 2, append([entry(common, grant(2, 7, 10))], 1, 2));
    expect(team.roots(2)).length(2);
    expect(team.forks).deep.equal([]);
  });

  it("takes no takeover that drops entries which the promises name", () => {
    const team = new Team([2]);
    const first = entry(undefined, grant(1, 5, 0));
    const second = entry(first, grant(2, 6, 10));
    team.say(0, 2, append([first, second], 0, 2));
    const heads = [first, second].map(({ signed }, i) => ({
      signature: UNSIGNED,
      promise: {
        job: JOB,
        round: 1,
        view: 1,
        member: 101 + i,
        lastView: 0,
        lastSequence: signed.entry.sequence,
        lastRoot: leaseRoot(signed.entry),
      },
    }));
    const proof = { promises: heads };
    const drops = entry(first, { kind: "takeover" }, { manager: 101, view: 1 });
    team.say(1, 2, append([{ ...drops, proof }], 1, 2, 1));
    expect(team.roots(2)).length(2);
    const keeps = entry(second, { kind: "takeover" }, { manager: 101, view: 1 });
    team.say(1, 2, append([{ ...keeps, proof }], 2, 3, 1));
    expect(team.roots(2)).length(3);
  });

  it("passes over a member that submits a find while nobody manages (K5), and no other", () => {
    for (const [submits, next] of [
      [1, 2],
      [2, 1],
      [undefined, 1],
    ] as const) {
      const team = new Team([1, 2]);
      const common = entry(undefined, grant(1, 5, 0));
      for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
      team.pass(5_750);
      team.now = 6_000;
      if (submits !== undefined) {
        for (const i of [1, 2]) team.feed(i, { kind: "submit", now: 6_000, member: submits });
      }
      team.pass(6_000);
      expect(team.leaders, `when ${submits} submits`).deep.equal([next]);
    }
  });

  it("bars nobody who submits a find while somebody manages", () => {
    const team = new Team([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
    for (const i of [1, 2]) team.feed(i, { kind: "submit", now: 4_000, member: 1 });
    team.pass(12_000);
    expect(team.leaders).deep.equal([1]);
  });
});
