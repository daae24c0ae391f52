import { expect } from "chai";
import { Member } from "../../../../../node/jobs/search/leases/member.ts";
import type {
  MemberEffect,
  MemberMessage,
} from "../../../../../node/jobs/search/leases/member-messages.ts";

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
