/** Members beside one that breaks the rules: that writes two logs, manages out of turn, or gains by a silent manager. */
import { expect } from "chai";
import { leaseRoot } from "../../../../../chain/workload/search/lease-log.ts";
import type { LogEntry } from "../../../../../node/jobs/search/leases/member-messages.ts";
import { stepOf } from "../../../../../node/jobs/search/leases/step.ts";
import { append, entry, grant, JOB, LeaseTeam, UNSIGNED } from "../../../../helpers/lease-team.ts";

describe("team with a member that breaks the rules", () => {
  it("finds two entries at one sequence, puts their manager out, and goes on with one log", () => {
    const team = new LeaseTeam([1, 2]);
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

  it("sees within seconds that the manager shows two logs, while it manages undisturbed", () => {
    const team = new LeaseTeam([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    const two = [6, 7].map((node) => [common, entry(common, grant(2, node, 10))]);
    const begun = team.now;
    while (team.forks.length === 0 && team.now - begun < 60_000) {
      for (const to of [1, 2]) team.say(0, to, append(two[to - 1] ?? [], 0, 2));
      team.pass(1_000);
    }
    expect(team.now - begun).at.most(6_000);
    expect(new Set(team.forks.map(({ member }) => member))).deep.equal(new Set([0]));
    team.pass(8_000);
    expect(team.leaders).deep.equal([1]);
    expect(team.roots(1)).deep.equal(team.roots(2));
  });

  it("asks a member that names other entries and shows none once in two beats, and believes nothing", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([entry(undefined, grant(1, 5, 0))], 0, 1));
    const root = new Uint8Array(32).fill(9);
    for (let i = 0; i < 100; i++) team.say(2, 1, { kind: "head", view: 0, sequence: 1, root });
    expect(team.sent(1, "fetch")).length(1);
    expect(team.forks).deep.equal([]);
    expect(team.roots(1)).length(1);
  });

  it("learns of two entries at once when one member gets both, and passes them on", () => {
    const team = new LeaseTeam([1, 2]);
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

  it("takes of one message that shows many forks the lowest alone, and goes on behind it", () => {
    const team = new LeaseTeam([1, 2]);
    const log: LogEntry[] = [];
    for (let i = 0; i < 40; i++) log.push(entry(log.at(-1), grant(i + 1, 5, 10 * i)));
    for (const to of [1, 2]) team.say(0, to, append(log, 0, 40));
    // In descending order: each lies below the one before.
    const others = log.slice(10).map((_, i) => entry(log[38 - i], grant(40 - i, 9, 390 - 10 * i)));
    team.say(0, 1, { kind: "entries", after: 0, entries: others });
    const shown = team.sent(1, "entries").filter(({ entries }) => entries.length === 2);
    expect(shown.map(({ after }) => after)).deep.equal([10]);
    const cuts = team.done.filter(({ by, effect: one }) => {
      const isLog = by === 1 && one.kind === "journal" && one.note.kind === "log";
      return isLog && one.note.entries.length === 0;
    });
    expect(cuts).length(1);
    expect(team.members.get(1)?.log.slice(0, 10)).deep.equal(log.slice(0, 10));
    team.pass(12_000);
    const [leader] = team.leaders;
    if (leader === undefined) throw new Error("nobody manages");
    // What was granted after the fork is free again.
    team.write(leader, grant(11, 8, 100));
    team.pass(3_000);
    expect(team.roots(1)).deep.equal(team.roots(2));
    expect(team.members.get(1)?.log.at(-1)?.signed.entry.from).equal(100n);
  });

  it("takes over though a member answers each canvass with a fork that all know, as if it had just come", () => {
    const team = new LeaseTeam([2, 3, 4], { size: 5 });
    const log: LogEntry[] = [];
    for (let i = 0; i < 10; i++) log.push(entry(log.at(-1), grant(i + 1, 5, 10 * i)));
    for (const to of [2, 3, 4]) team.say(0, to, append(log, 0, 10));
    const other = entry(log[8], grant(10, 9, 90));
    const shown = [log[9], other].filter((one) => one !== undefined);
    let lies = 0;
    const say = team.say.bind(team);
    team.say = (from, to, message) => {
      if (to === 1 && message.kind === "canvass") {
        lies++;
        say(1, from, { kind: "entries", after: 9, entries: shown });
      }
      say(from, to, message);
    };
    for (const to of [2, 3, 4]) team.say(0, to, append([other], 9, 9));
    team.pass(30_000);
    expect(lies).greaterThan(0);
    expect(team.leaders).length(1);
  });

  it("takes no entries of a member out of turn, nor of one that nobody promised its turn", () => {
    const team = new LeaseTeam([1, 2]);
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
    const team = new LeaseTeam([2]);
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
      const team = new LeaseTeam([1, 2]);
      const common = entry(undefined, grant(1, 5, 0));
      for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
      team.pass(5_750);
      team.now = 6_000;
      if (submits !== undefined) {
        for (const i of [1, 2]) team.feed(i, { kind: "submit", now: 6_000, member: submits });
      }
      team.pass(6_000);
      expect(team.leaders, `when ${submits} submits`).deep.equal([next]);
      if (submits !== undefined) expect(team.sent(submits, "canvass")).deep.equal([]);
    }
  });

  it("promises nothing to a member that submitted a find while nobody managed (K5)", () => {
    const team = new LeaseTeam([2]);
    team.say(0, 2, append([entry(undefined, grant(1, 5, 0))], 0, 1));
    team.feed(2, { kind: "submit", now: 6_000, member: 1 });
    team.now = 6_250;
    team.say(1, 2, { kind: "canvass", view: 1 });
    expect(team.told.get(1)).include({ kind: "decline", reason: "barred" });
  });

  it("bars nobody who submits a find while somebody manages", () => {
    const team = new LeaseTeam([1, 2]);
    const common = entry(undefined, grant(1, 5, 0));
    for (const to of [1, 2]) team.say(0, to, append([common], 0, 1));
    for (const i of [1, 2]) team.feed(i, { kind: "submit", now: 4_000, member: 1 });
    team.pass(12_000);
    expect(team.leaders).deep.equal([1]);
  });
});
