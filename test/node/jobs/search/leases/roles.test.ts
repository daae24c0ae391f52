/** What each role of a member must do for a log of leases to be safe, one rule a test. */
import { expect } from "chai";
import type { MemberEffect } from "../../../../../node/jobs/search/leases/member-messages.ts";
import { append, entry, grant, LeaseTeam, promised } from "../../../../helpers/lease-team.ts";

const first = entry(undefined, grant(1, 5, 0));
const second = entry(first, grant(2, 6, 10));

/** Effects that others could build upon. */
const TELLS = ["written", "safe", "lead"];

function tells(effect: MemberEffect): boolean {
  if (TELLS.includes(effect.kind)) return true;
  return (
    effect.kind === "send" &&
    ["append", "holds", "promise", "entries"].includes(effect.message.kind)
  );
}

describe("member of a team that keeps a lease log", () => {
  it("asks for the disk before it tells anybody of an entry or a promise, in every role", () => {
    const team = new LeaseTeam([0, 1, 2]);
    team.pass(500);
    team.write(0, grant(1, 5, 0));
    team.members.delete(0);
    team.pass(12_000);
    const [leader] = team.leaders;
    expect(leader).equal(1);
    const promiseNotes = new Map<number, number>();
    const entriesOnDisk = new Map<number, number>();
    for (const { by, effect } of team.done) {
      if (effect.kind === "journal") {
        const { note } = effect;
        if (note.kind === "promise") promiseNotes.set(by, note.view);
        else if (note.kind === "log") entriesOnDisk.set(by, note.after + note.entries.length);
      }
      if (!tells(effect)) continue;
      const most = entriesOnDisk.get(by) ?? 0;
      const told = toldBy(effect);
      expect(told.entry, `${effect.kind} of member ${by}`).at.most(most);
      expect(told.view, `${effect.kind} of member ${by}`).at.most(promiseNotes.get(by) ?? 0);
    }
    expect([...entriesOnDisk.keys()].sort()).deep.equal([0, 1, 2]);
    expect(promiseNotes.get(2)).equal(1);
  });

  it("counts a member for what it says it holds, and not for what it asks to be sent", () => {
    const team = new LeaseTeam([0]);
    team.pass(250);
    team.write(0, grant(1, 5, 0));
    team.write(0, grant(2, 6, 10));
    team.say(1, 0, { kind: "lacks", view: 0, sequence: 2 });
    team.say(2, 0, { kind: "lacks", view: 0, sequence: 2 });
    team.write(0, grant(3, 6, 20));
    expect(team.members.get(0)?.safe).equal(0);
    team.say(1, 0, { kind: "holds", view: 0, sequence: 2 });
    expect(team.members.get(0)?.safe).equal(2);
  });

  it("counts no member that is out, whatever it held before", () => {
    const team = new LeaseTeam([0], { size: 5 });
    team.pass(250);
    team.write(0, grant(1, 5, 0));
    team.say(1, 0, { kind: "holds", view: 0, sequence: 1 });
    team.feed(0, { kind: "expel", now: team.now, member: 1 });
    team.say(2, 0, { kind: "holds", view: 0, sequence: 1 });
    expect(team.members.get(0)?.safe).equal(0);
    team.say(3, 0, { kind: "holds", view: 0, sequence: 1 });
    expect(team.members.get(0)?.safe).equal(1);
  });

  it("takes entries of the managers before for safe with one of its own view, and not alone", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 0));
    team.pass(7_000);
    team.say(2, 1, { kind: "promise", signed: promised(2, 1) });
    expect(team.leaders).deep.equal([1]);
    team.say(2, 1, { kind: "holds", view: 1, sequence: 1 });
    expect(team.members.get(1)?.safe).equal(0);
    team.say(2, 1, { kind: "holds", view: 1, sequence: 2 });
    expect(team.members.get(1)?.safe).equal(2);
  });

  it("gives up no safe entry, though a later manager was promised to go on before it", () => {
    const team = new LeaseTeam([2]);
    team.say(0, 2, append([first, second], 0, 2));
    const proof = { promises: [promised(0, 1, first), promised(1, 1, first)] };
    const takeover = entry(first, { kind: "takeover" }, { manager: 101, view: 1 });
    team.say(1, 2, append([{ ...takeover, proof }], 1, 2, 1));
    expect(team.members.get(2)?.log.map(({ signed }) => signed)).deep.equal(
      [first, second].map(({ signed }) => signed),
    );
  });

  it("has its own entries back where those in their place turn out to be wrong", () => {
    const team = new LeaseTeam([2], { size: 5 });
    const step = { kind: "takeover" } as const;
    const promises = [1, 2, 3].map((position) => promised(position, 1, first));
    const ours = { ...entry(first, step, { manager: 101, view: 1 }), proof: { promises } };
    team.say(0, 2, append([first], 0, 1));
    team.say(1, 2, append([ours], 1, 1, 1));
    // Units that the first lease holds.
    const wrong = entry(first, grant(2, 6, 0));
    const heads = [0, 3, 4].map((position) => promised(position, 5, wrong));
    const later = { ...entry(wrong, step, { view: 5 }), proof: { promises: heads } };
    team.say(0, 2, append([wrong, later], 1, 1, 5));
    const log = team.members.get(2)?.log.map(({ signed }) => signed);
    expect(log).deep.equal([first.signed, ours.signed]);
  });

  it("neither promises, stands nor counts when it has forgotten, and takes entries all the same", () => {
    const team = new LeaseTeam([2], { forgetful: [2] });
    team.say(0, 2, append([first], 0, 1));
    expect(team.roots(2)).length(1);
    team.now = 60_000;
    team.say(1, 2, { kind: "canvass", view: 1 });
    expect(team.sent(2, "decline")).deep.equal([
      { kind: "decline", view: 1, reason: "forgetful", known: 0 },
    ]);
    team.pass(120_000);
    const kinds = ["holds", "promise", "canvass"] as const;
    expect(kinds.flatMap((kind) => team.sent(2, kind))).deep.equal([]);
  });

  it("promises no earlier view than the last it promised, and takes nothing of one", () => {
    const team = new LeaseTeam([0]);
    // It manages no more.
    team.feed(0, { kind: "expel", now: 0, member: 0 });
    team.now = 20_000;
    team.say(2, 0, { kind: "canvass", view: 2 });
    expect(team.told.get(2)).include({ kind: "promise" });
    team.say(1, 0, { kind: "canvass", view: 1 });
    expect(team.told.get(1)).include({ kind: "decline", reason: "view", known: 2 });
    const proof = { promises: [promised(1, 1), promised(2, 1)] };
    const takeover = entry(undefined, { kind: "takeover" }, { manager: 101, view: 1 });
    team.say(1, 0, append([{ ...takeover, proof }], 0, 0, 1));
    expect(team.told.get(1)).include({ kind: "decline", reason: "view" });
    expect(team.roots(0)).deep.equal([]);
  });

  it("promises nothing to a member whose turn the view is not", () => {
    const team = new LeaseTeam([0]);
    // It manages no more.
    team.feed(0, { kind: "expel", now: 0, member: 0 });
    team.now = 20_000;
    for (const view of [2, 3, 5]) team.say(1, 0, { kind: "canvass", view });
    expect(team.sent(0, "promise")).deep.equal([]);
    team.say(1, 0, { kind: "canvass", view: 4 });
    expect(team.sent(0, "promise")).length(1);
  });

  it("follows no member that the chain has expelled, and asks another for its turn", () => {
    const team = new LeaseTeam([1, 2]);
    for (const to of [1, 2]) team.say(0, to, append([first], 0, 1));
    for (const to of [1, 2]) team.feed(to, { kind: "expel", now: team.now, member: 0 });
    const before = team.sent(1, "holds").length;
    for (let i = 0; i < 8; i++) {
      for (const to of [1, 2]) team.say(0, to, append([second], 1, 2));
      team.pass(1_000);
    }
    expect(team.sent(1, "holds").length).equal(before);
    expect(team.leaders).deep.equal([1]);
    const takers = team.members.get(2)?.log.map(({ signed }) => signed.entry.manager);
    expect(takers).deep.equal([100, 101]);
  });

  it("reads the furthest log among the promises before it goes on behind it", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 1));
    team.pass(7_000);
    expect(team.told.get(2)).include({ kind: "canvass", view: 1 });
    team.say(2, 1, { kind: "promise", signed: promised(2, 1, second) });
    expect(team.leaders).deep.equal([]);
    expect(team.sent(1, "fetch")).deep.equal([{ kind: "fetch", after: 1 }]);
    team.say(2, 1, { kind: "entries", after: 1, entries: [second] });
    expect(team.leaders).deep.equal([1]);
    const log = team.members.get(1)?.log ?? [];
    expect(log.map(({ signed }) => signed.entry.sequence)).deep.equal([1, 2, 3]);
    expect(log[1]?.signed).deep.equal(second.signed);
  });
});

/** The highest entry and view that an effect gives away. */
function toldBy(effect: MemberEffect): { readonly entry: number; readonly view: number } {
  switch (effect.kind) {
    case "lead":
      return { entry: effect.log.length, view: effect.view };
    case "safe":
      return { entry: effect.entries.at(-1)?.signed.entry.sequence ?? 0, view: 0 };
    case "send": {
      const { message } = effect;
      if (message.kind === "holds") return { entry: message.sequence, view: message.view };
      if (message.kind === "promise") {
        const { view, lastSequence } = message.signed.promise;
        return { entry: lastSequence, view };
      }
      if (message.kind !== "append") return { entry: 0, view: 0 };
      return { entry: message.after + message.entries.length, view: message.view };
    }
    default:
      return { entry: 0, view: 0 };
  }
}
