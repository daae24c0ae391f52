import { expect } from "chai";
import { leaseRoot } from "../../../../../chain/workload/search/lease-log.ts";
import { LeaseDesk } from "../../../../../node/jobs/search/leases/desk.ts";
import type { DeskEvent } from "../../../../../node/jobs/search/leases/desk-messages.ts";
import { LeaseTable } from "../../../../../node/jobs/search/leases/lease-table.ts";
import { Member } from "../../../../../node/jobs/search/leases/member.ts";
import type {
  JournalNote,
  MemberEffect,
  MemberMessage,
} from "../../../../../node/jobs/search/leases/member-messages.ts";
import type { Spans } from "../../../../../node/jobs/search/leases/span.ts";
import type { Holder } from "../../../../../node/jobs/search/leases/step.ts";
import type { LogOrigin } from "../../../../../node/jobs/search/leases/turned.ts";

const JOB = new Uint8Array(32).fill(7);
const TEAM = [10, 11, 12];
const WHOLE = [{ from: 0, to: 100 }];
const A = { node: 1, lane: 0 };
const B = { node: 2, lane: 3 };

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { facts: { reason: string } }).facts.reason;
  }
  return "none";
}

/** A has searched 0 to 20 of its 40 units, B none of its 10. */
function turnedTable(): LeaseTable {
  const table = new LeaseTable({ open: WHOLE });
  table.apply({ kind: "grant", lease: 1, ...A, from: 0, to: 40 });
  table.apply({ kind: "grant", lease: 2, ...B, from: 40, to: 50 });
  table.apply({ kind: "progress", lease: 1, to: 20 });
  table.apply({ kind: "turn" });
  return table;
}

describe("a log of leases that turns to the next round", () => {
  it("gives what is leased to its holders again, and nothing of it to the round before", () => {
    const before = turnedTable();
    expect(refusal(() => before.apply({ kind: "progress", lease: 1, to: 30 }))).equal("CLOSED");
    expect(refusal(() => before.apply({ kind: "find", node: 1, nonce: 5n }))).equal("CLOSED");
    const table = new LeaseTable({ ...before.turned(), onChain: () => undefined });
    expect(table.open.size).equal(80);
    expect(table.open.free).equal(50);
    expect(table.owned(A.node)).deep.equal({ first: [], repeated: [] });
    table.apply({ kind: "progress", lease: 1, to: 40 });
    expect(table.owned(A.node).first).deep.equal([{ from: 20, to: 40 }]);
    expect(before.owned(A.node).first).deep.equal([{ from: 0, to: 20 }]);
  });

  it("takes up what the chain left open, leases nothing again that it recorded, and is one round ahead at most", () => {
    let onChain: Spans | undefined;
    const table = new LeaseTable({ ...turnedTable().turned(), onChain: () => onChain });
    expect(refusal(() => table.apply({ kind: "turn" }))).equal("NOT_YET");
    expect(refusal(() => table.apply({ kind: "begin" }))).equal("NOT_YET");
    table.apply({ kind: "progress", lease: 2, to: 45 });
    // The claim of 0 to 10 was not recorded; 90 to 100 were, by whatever error of a team.
    onChain = [
      { from: 0, to: 10 },
      { from: 20, to: 90 },
    ];
    table.apply({ kind: "begin" });
    expect(table.total).equal(80);
    const grant = { kind: "grant", lease: 3, ...B } as const;
    expect(refusal(() => table.apply({ ...grant, from: 95, to: 96 }))).equal("NOT_FREE");
    expect(refusal(() => table.apply({ ...grant, from: 42, to: 43 }))).equal("NOT_FREE");
    table.apply({ ...grant, from: 0, to: 10 });
    expect(refusal(() => table.apply({ kind: "begin" }))).equal("NOTHING_NEW");
    table.apply({ kind: "turn" });
    expect(table.turned().held.map(({ node, from, to }) => [node, from, to])).deep.equal([
      [1, 20, 40],
      [2, 45, 50],
      [2, 0, 10],
    ]);
  });

  it("pauses where it has all it can take and the chain is not there: leases end, and nobody gets one until it turns", () => {
    let isReached = false;
    const onChain = (): Spans | undefined => (isReached ? WHOLE : undefined);
    const table = new LeaseTable({ open: WHOLE, held: [], onChain });
    const desk = new LeaseDesk({ open: [], table, redundancy: 0, random: () => 0 });
    const step = (event: DeskEvent): string[] =>
      desk.step(event).flatMap((effect) => {
        if (effect.kind !== "append") return [effect.kind];
        return [effect.step.kind, ...step({ kind: "held", now: event.now, id: effect.id })];
      });
    const ask = (holder: Holder, request: number, holds: number[] = []): string[] =>
      step({ kind: "ask", now: 2, holder, request, holds, rttMs: 1 });
    expect(ask(A, 1)).deep.equal(["grant", "lease"]);
    expect(step({ kind: "pause", now: 3 })).deep.equal(["cut", "end"]);
    expect(step({ kind: "pause", now: 4 })).deep.equal([]);
    for (const holder of [A, B]) expect(ask(holder, 2)).deep.equal(["wait"]);
    expect(step({ kind: "tick", now: 500 })).deep.equal([]);
    isReached = true;
    expect(step({ kind: "begin", now: 600 })).deep.equal(["begin"]);
    expect(step({ kind: "turn", now: 700 })).deep.equal(["turn", "wait", "wait"]);
  });

  it("gives a lane that asks again the lease that it had, and other lanes free units", () => {
    const table = new LeaseTable({ ...turnedTable().turned(), onChain: () => undefined });
    const desk = LeaseDesk.resume({ open: [], table, redundancy: 0, random: () => 0 }, [], 0);
    const ask = (holder: typeof A): unknown[] =>
      desk
        .step({ kind: "ask", now: 1, holder, request: 1, holds: [], rttMs: 1 })
        .flatMap((effect) =>
          effect.kind === "lease"
            ? [[effect.from, effect.to]]
            : effect.kind === "append" && effect.step.kind === "grant"
              ? [[effect.step.from, effect.step.to]]
              : [],
        );
    expect(ask(A)).deep.equal([[20, 40]]);
    expect(ask({ node: 9, lane: 0 })).deep.equal([[50, 54]]);
  });
});

function memberAt(self: number, open: Spans | undefined, notes: readonly JournalNote[]): Member {
  const signature = new Uint8Array(64);
  return new Member(
    {
      job: JOB,
      round: 2,
      team: TEAM,
      open,
      self,
      now: 0,
      isForgetful: false,
      sign: (entry) => ({ entry, signature }),
      signPromise: (promise) => ({ promise, signature }),
    },
    notes,
  );
}

function originAt(byte: number): JournalNote & { readonly origin: LogOrigin } {
  const origin = { root: new Uint8Array(32).fill(byte), ...turnedTable().turned() };
  return { kind: "origin", origin };
}

function sentBy(effects: readonly MemberEffect[]): MemberMessage[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
}

/** What a member sends to others when it manages round 2, and grants the units from `from` on. */
function granted(manager: Member, from: number): MemberMessage {
  manager.step({ kind: "tick", now: 0 });
  const step = { kind: "grant", lease: 3, ...B, from, to: from + 1 } as const;
  const [append] = sentBy(manager.step({ kind: "write", now: 1, id: 1, step }));
  return append ?? expect.fail("no entry");
}

function answer(member: Member, message: MemberMessage): string | undefined {
  return sentBy(member.step({ kind: "message", now: 2, from: 1, message }))[0]?.kind;
}

describe("attack: a manager that pretends the round before is over", () => {
  it("writes a log that nobody takes whose log of the round before did not turn there", () => {
    const entry = granted(memberAt(1, undefined, [originAt(5)]), 60);
    expect(answer(memberAt(2, undefined, [originAt(5)]), entry)).equal("holds");
    // Another turn, and none at all.
    expect(answer(memberAt(2, undefined, [originAt(6)]), entry)).equal("lacks");
    expect(answer(memberAt(2, WHOLE, []), entry)).equal("lacks");
  });

  it("can lease no units that the round before gave others", () => {
    const manager = memberAt(1, undefined, [originAt(5)]);
    manager.step({ kind: "tick", now: 0 });
    const step = { kind: "grant", lease: 3, ...B, from: 5, to: 6 } as const;
    expect(manager.step({ kind: "write", now: 1, id: 1, step })).deep.equal([]);
    expect(manager.log).deep.equal([]);
  });

  it("cannot keep the team from the log that the chain begins", () => {
    const fresh = memberAt(1, WHOLE, []);
    fresh.step({ kind: "tick", now: 0 });
    const step = { kind: "grant", lease: 1, ...B, from: 5, to: 6 } as const;
    const [entry] = sentBy(fresh.step({ kind: "write", now: 1, id: 1, step }));
    const ahead = memberAt(2, undefined, [originAt(5)]);
    expect(answer(ahead, entry ?? expect.fail())).equal("lacks");
    ahead.step({ kind: "reached", now: 3, open: WHOLE });
    expect(answer(ahead, entry ?? expect.fail())).equal("holds");
  });

  it("is followed by a member that takes over with nothing in its log, from the same turn", () => {
    const origin = originAt(5);
    const candidate = memberAt(2, undefined, [origin]);
    const other = memberAt(0, undefined, [origin]);
    candidate.step({ kind: "tick", now: 6_000 });
    const canvass = { kind: "canvass", view: 1 } as const;
    const [promise] = sentBy(
      other.step({ kind: "message", now: 6_001, from: 2, message: canvass }),
    );
    const effects = candidate.step({
      kind: "message",
      now: 6_002,
      from: 0,
      message: promise ?? expect.fail(),
    });
    expect(candidate.isLeading).equal(true);
    expect(candidate.log[0]?.signed.entry.previous).deep.equal(origin.origin.root);
    const [append] = sentBy(effects);
    const held = other.step({
      kind: "message",
      now: 6_003,
      from: 2,
      message: append ?? expect.fail(),
    });
    expect(sentBy(held)[0]?.kind).equal("holds");
    expect(leaseRoot(candidate.log[0]?.signed.entry ?? expect.fail())).deep.equal(
      leaseRoot(other.log[0]?.signed.entry ?? expect.fail()),
    );
  });
});
