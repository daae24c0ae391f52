/**
 * Who can make others silent? A client that keeps its files from them, a participant that serves its friends only,
 * somebody who cuts a machine off. Gain sought: those who stay silent, or who are accused meanwhile, lose rating and
 * bond. All numbers of accusers, friends and silent members of a committee are played.
 */
import { expect } from "chai";
import { auditDeadline } from "../../chain/audit/deadline.ts";
import { AUDIT_COMMITTEE, type AuditAnswer } from "../../chain/types/audit.ts";
import { AuditStory } from "../helpers/audit-story.ts";
import type { TrainOrder } from "../helpers/job-run.ts";

const ONE = { participants: 1, quorum: 1 };
/** No window comes in between. */
const parameters = { windowOffset: 100_000 };

interface Held {
  readonly bond: bigint;
  readonly rating: bigint;
  readonly failed: number;
}

function held(story: AuditStory, node: number): Held {
  const { bond, rating, failed } = story.record(node);
  return { bond, rating, failed };
}

function show({ bond, rating, failed }: Held): string {
  return `${bond}/${rating}/${failed}`;
}

/** An update whose first auditor accuses it, with its committee drawn. */
function accused(): { story: AuditStory; node: number; accuser: number; members: number[] } {
  const story = new AuditStory({ nodes: 9, spec: ONE, parameters });
  story.round();
  story.advance();
  story.answer("mismatch");
  story.until("judging");
  const { node } = story.participant();
  const [accuser = -1, ...members] = story.audit().seats.map((seat) => seat.node);
  return { story, node, accuser, members };
}

describe("attack: force others to be silent", function () {
  this.timeout(120_000);

  it("an auditor that is kept silent loses nothing, though a friend of the attacker answers", () => {
    const story = new AuditStory({ spec: ONE, parameters });
    story.round();
    story.advance();
    const victim = story.audit().seats[0]?.node ?? -1;
    const before = held(story, victim);
    story.until("drawing");
    story.until("replaying");
    story.answer("match");
    expect(story.looks()).to.deep.equal([]);
    process.stdout.write(`      victim ${show(before)} -> ${show(held(story, victim))}\n`);
    expect(held(story, victim)).to.deep.equal(before);
  });

  it("deadlines follow the work, whatever phases the client asked for", () => {
    const stageOf = (spec: Partial<TrainOrder>): number => {
      const story = new AuditStory({ spec: { ...ONE, ...spec } });
      story.round();
      story.advance();
      const audit = story.audit();
      return auditDeadline(audit, story.job, story.chain.head.state.parameters) - audit.since;
    };
    const shortest = stageOf({ phaseBlocks: 4, operations: 1000n, parameterCount: 10 });
    expect(shortest).to.equal(24);
    const dear = { operations: 10n ** 9n, parameterCount: 10, pricePerUnit: 10_000n };
    const blocks = [4, 20, 43_200].map((phaseBlocks) => stageOf({ ...dear, phaseBlocks }));
    process.stdout.write(
      `      a cheap replay has ${shortest} blocks, a dear one ${blocks.join(", ")}\n`,
    );
    expect(new Set(blocks).size).to.equal(1);
    // One of 16 segments: 750 · 10^9 operations, 750 s at a billion a second, four times over.
    expect(blocks[0]).to.equal(8 * 750);
    expect(stageOf({ operations: 1000n, parameterCount: 20_000_000 })).to.be.above(8 * 1600 - 1);
  });

  it("if all are silent, the accuser and the accused lose nothing, and the segment is drawn three times", () => {
    const { story, node, accuser, members } = accused();
    const before = [node, accuser, ...members].map((one) => held(story, one));
    const committees = new Set<string>();
    while (story.looks().length > 0) {
      const [audit] = story.looks();
      if (audit !== undefined) committees.add(`${audit.retries}`);
      story.advance();
    }
    expect(committees.size).to.equal(3);
    expect([node, accuser, ...members].map((one) => held(story, one))).to.deep.equal(before);
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 0, faultRound: 0 });
  });

  for (let accusers = 0; accusers <= AUDIT_COMMITTEE; accusers++) {
    it(`${accusers} of ${AUDIT_COMMITTEE} accuse, others are silent or friends: three who replayed convict, or nobody`, () => {
      for (let friends = 0; accusers + friends <= AUDIT_COMMITTEE; friends++) {
        const { story, node, members } = accused();
        const answers: AuditAnswer[] = [
          ...Array.from({ length: accusers }, () => "mismatch" as const),
          ...Array.from({ length: friends }, () => "match" as const),
        ];
        const before = held(story, node);
        const silent = members.slice(answers.length);
        const silentBefore = silent.map((one) => held(story, one));
        const committee = story.audit().retries;
        while (story.looks()[0]?.retries === committee) story.answer((place) => answers[place]);
        const after = held(story, node);
        const silentAfter = silent.map((one) => held(story, one));
        process.stdout.write(
          `      ${accusers} accuse, ${friends} match: accused ${show(before)} -> ${show(after)}, silent ${silentAfter.map(show).join(" ")}\n`,
        );
        const isConvicted = accusers >= 3 && accusers > friends;
        expect(after.bond < before.bond, `${friends} friends`).to.equal(isConvicted);
        if (!isConvicted) expect(after).to.deep.equal(before);
        if (accusers + friends < 3) expect(silentAfter).to.deep.equal(silentBefore);
        else for (const { bond } of silentAfter) expect(bond).to.equal(before.bond);
      }
    });
  }
});
