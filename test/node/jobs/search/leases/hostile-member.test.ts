import { expect } from "chai";
import { MOST_ANSWERS } from "../../../../../node/jobs/search/leases/archive.ts";
import { Member } from "../../../../../node/jobs/search/leases/member.ts";
import type {
  MemberEffect,
  MemberMessage,
} from "../../../../../node/jobs/search/leases/member-messages.ts";
import { append, entry, grant, LeaseTeam, promised } from "../../../../helpers/lease-team.ts";

const NO_SIGNATURE = new Uint8Array(64);
const JOB = new Uint8Array(32).fill(7);
const TEAM = [10, 11, 12];

function memberAt(self: number): Member {
  return new Member({
    job: JOB,
    round: 1,
    team: TEAM,
    open: [{ from: 0, to: 100 }],
    self,
    now: 0,
    isForgetful: false,
    sign: (entry) => ({ entry, signature: NO_SIGNATURE }),
    signPromise: (promise) => ({ promise, signature: NO_SIGNATURE }),
  });
}

function sentBy(effects: readonly MemberEffect[]): MemberMessage[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
}

function hear(member: Member, from: number, now: number, message: MemberMessage): MemberMessage[] {
  return sentBy(member.step({ kind: "message", now, from, message }));
}

describe("attack: a member of a team takes the manager's turn, or keeps others from it", () => {
  it("gets no promise while the manager has not had its time to begin", () => {
    const member = memberAt(2);
    for (let now = 0; now < 4_000; now += 500) {
      const [answer] = hear(member, 1, now, { kind: "canvass", view: 1 });
      expect(answer).include({ kind: "decline", reason: "alive" });
    }
  });

  it("gets no promise for a view that no honest team can have come to, so views are not used up", () => {
    const member = memberAt(2);
    const [declined] = hear(member, 1, 10_000, { kind: "canvass", view: 65_533 });
    expect(declined).include({ kind: "decline", reason: "view" });
    const [promised] = hear(member, 1, 10_000, { kind: "canvass", view: 1 });
    expect(promised?.kind).equal("promise");
  });

  it("does not end a takeover by its word alone where the others promise", () => {
    const candidate = memberAt(1);
    const canvassed = sentBy(candidate.step({ kind: "tick", now: 6_000 }));
    expect(canvassed.map(({ kind }) => kind)).include("canvass");
    hear(candidate, 0, 6_001, { kind: "decline", view: 1, reason: "alive", known: 0 });
    const [answer] = hear(memberAt(2), 1, 6_002, { kind: "canvass", view: 1 });
    if (answer?.kind !== "promise") throw new Error("no promise");
    hear(candidate, 2, 6_003, answer);
    expect(candidate.isLeading).equal(true);
  });

  it("answers one question for missing entries in a message, not each of many", () => {
    const leader = memberAt(0);
    leader.step({ kind: "tick", now: 0 });
    for (let id = 1; id <= 50; id++) {
      const step = { kind: "grant", lease: id, node: 5, lane: 0, from: id, to: id + 1 } as const;
      leader.step({ kind: "write", now: 1, id, step });
    }
    let entries = 0;
    for (let i = 0; i < 100; i++) {
      for (const message of hear(leader, 1, 2, { kind: "lacks", view: 0, sequence: 0 })) {
        if (message.kind === "append") entries += message.entries.length;
      }
    }
    expect(entries).at.most(50);
  });
});

describe("attack: a member of a team holds up a takeover by what it promises", () => {
  const first = entry(undefined, grant(1, 5, 0));
  const second = entry(first, grant(2, 6, 10));
  const unheard = entry(second, grant(3, 7, 20));

  it("is gone on without after two beats when it names entries that it does not show", () => {
    for (const [what, invented] of [
      ["further ones", promised(0, 1, unheard)],
      ["another one at a place that is here", promised(0, 1, entry(undefined, grant(1, 9, 0)))],
    ] as const) {
      const team = new LeaseTeam([1, 2]);
      for (const to of [1, 2]) team.say(0, to, append([first], 0, 1));
      team.pass(5_750);
      // Its word comes before that of the honest one.
      team.now = 6_000;
      const standing = team.members.get(2);
      team.members.delete(2);
      team.pass(250);
      team.say(0, 1, { kind: "promise", signed: invented });
      if (standing !== undefined) team.members.set(2, standing);
      team.say(2, 1, { kind: "promise", signed: promised(2, 1, first) });
      expect(team.leaders, what).deep.equal([]);
      team.pass(3_500);
      expect(team.leaders, what).deep.equal([]);
      team.pass(1_000);
      expect(team.leaders, what).deep.equal([1]);
      const told = team.done.flatMap(({ effect }) => (effect.kind === "unproven" ? [effect] : []));
      expect(told, what).deep.equal([{ kind: "unproven", member: 0, view: 1 }]);
      // Nobody is put out for it, and its promise is not among those of the takeover.
      expect(team.forks, what).deep.equal([]);
      const takeover = team.members.get(1)?.log.at(-1);
      const givers = takeover?.proof?.promises.map(({ promise }) => promise.member);
      expect(givers, what).deep.equal([102, 101]);
    }
  });

  it("never makes a candidate go on with too few promises", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 1));
    team.pass(7_000);
    team.say(0, 1, { kind: "promise", signed: promised(0, 1, unheard) });
    team.pass(60_000);
    expect(team.leaders).deep.equal([]);
    // Its own is the last one: until then it may still follow another.
    expect(team.done.filter(({ effect }) => effect.kind === "journal")).length(1);
  });

  it("does not use up the views by saying that it follows a far one", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 1));
    team.pass(7_000);
    for (const from of [0, 2]) {
      team.say(from, 1, { kind: "decline", view: 1, reason: "view", known: 65_000 });
    }
    team.pass(60_000);
    const views = team.sent(1, "canvass").map(({ view }) => view);
    expect(Math.max(...views))
      .above(1)
      .and.at.most(9);
  });

  it("does not keep the others waiting by beats in the view of a manager that is gone", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 1));
    for (let i = 0; i < 8; i++) {
      team.pass(1_000);
      team.say(2, 1, append([], 1, 1));
    }
    expect(team.sent(1, "canvass").map(({ view }) => view)).include(1);
  });

  it("is answered a few times a beat, however often it asks for the log", () => {
    const team = new LeaseTeam([1]);
    team.say(0, 1, append([first], 0, 1));
    for (let i = 0; i < 1_000; i++) team.say(2, 1, { kind: "fetch", after: 0 });
    expect(team.sent(1, "entries").length).at.most(MOST_ANSWERS);
    team.now = 2_000;
    team.say(2, 1, { kind: "fetch", after: 0 });
    expect(team.sent(1, "entries").length).above(1);
  });
});

describe("a member whose log differs in more entries than a message has", () => {
  /** Entries of the first manager that no majority held, 300 of them, and of the second, which got none of them. */
  function logs() {
    const first = entry(undefined, grant(1, 5, 0));
    const long = [first];
    for (let i = 2; i <= 300; i++) long.push(entry(long.at(-1), grant(i, 5, 10 * i)));
    const promises = [1, 2, 3].map((position) => promised(position, 1, first));
    const step = { kind: "takeover" } as const;
    const other = { ...entry(first, step, { manager: 101, view: 1 }), proof: { promises } };
    const heads = [promised(0, 5, long.at(-1)), promised(4, 5, long.at(-1)), promised(3, 5, first)];
    const last = entry(long.at(-1), step, { manager: 100, view: 5 });
    return { first, other, whole: [...long, { ...last, proof: { promises: heads } }] };
  }

  it("takes them once they lead to a later manager, and not before", () => {
    const { first, other, whole } = logs();
    const team = new LeaseTeam([2], { size: 5, units: 10_000 });
    team.say(0, 2, append([first], 0, 1));
    team.say(1, 2, append([other], 1, 1, 1));
    team.say(0, 2, append(whole.slice(1, 257), 1, 1, 5));
    expect(team.told.get(0)).deep.equal({ kind: "lacks", view: 5, sequence: 257 });
    expect(team.members.get(2)?.log.at(-1)?.signed).deep.equal(other.signed);
    team.say(0, 2, append(whole.slice(257), 257, 1, 5));
    expect(team.told.get(0)).deep.equal({ kind: "holds", view: 5, sequence: whole.length });
    expect(team.members.get(2)?.log).length(whole.length);
  });

  it("keeps its own where they lead nowhere, or stop", () => {
    const { first, other, whole } = logs();
    const team = new LeaseTeam([2], { size: 5, units: 10_000 });
    team.say(0, 2, append([first], 0, 1));
    team.say(1, 2, append([other], 1, 1, 1));
    team.say(0, 2, append(whole.slice(1, 257), 1, 1, 5));
    // A takeover that too few promised; then a gap; then another log.
    const [takeover] = whole.slice(-1);
    const promises = takeover?.proof?.promises.slice(0, 2) ?? [];
    if (takeover === undefined) throw new Error("no takeover");
    const few = [...whole.slice(257, -1), { ...takeover, proof: { promises } }];
    team.say(0, 2, append(few, 257, 1, 5));
    team.say(0, 2, append(whole.slice(258), 258, 1, 5));
    expect(team.members.get(2)?.log).length(2);
    expect(team.members.get(2)?.log.at(-1)?.signed).deep.equal(other.signed);
    expect(team.told.get(0)).include({ kind: "lacks" });
  });
});
