import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { stageOf } from "../../../chain/audit/tick.ts";
import { sealOf } from "../../../chain/committee/seal.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import { merkleProof, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { ALL_SEGMENTS, AUDIT_ANSWERS } from "../../../chain/types/audit.ts";
import { AUDIT_FAULTS } from "../../../chain/types/job.ts";
import { RATING_CAUSES, RATING_FAULTS } from "../../../chain/types/node.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { AuditStory } from "../../helpers/audit-story.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { auditPayload, commits, matchProof, roundRecord } from "../../helpers/job-run.ts";

const BOND = 1000n * POML;
/** So that no auditor has more than one thing to do. */
const ONE = { participants: 1, quorum: 1 };

/** A recorded round whose auditors are drawn. */
function drawn(options: ConstructorParameters<typeof AuditStory>[0] = {}): AuditStory {
  const story = new AuditStory(options);
  story.round();
  expect(stageOf(story.audit())).to.equal("drawing");
  story.advance();
  return story;
}

/** A recorded round, one update of which is before a committee. */
function disputed(options: ConstructorParameters<typeof AuditStory>[0] = {}): AuditStory {
  const story = drawn(options);
  story.answer("mismatch");
  expect(stageOf(story.audit())).to.equal("calling");
  story.advance();
  expect(stageOf(story.audit())).to.equal("judging");
  return story;
}

describe("an audit", () => {
  it("draws an auditor that is not the participant, and one segment", () => {
    const story = drawn();
    for (const audit of story.job.audits) {
      expect(stageOf(audit)).to.equal("replaying");
      expect(audit.seats).to.have.length(1);
      expect(audit.seats[0]?.node).to.not.equal(audit.node);
      expect(audit.segment).to.be.within(0, 15);
    }
  });

  it("that matches has the update paid, verified, and the auditor credited", () => {
    const story = drawn();
    const auditor = story.audit().seats[0]?.node ?? -1;
    const { node } = story.participant();
    story.answer("match");
    expect(story.job.audits).to.have.length(0);
    expect(story.participant()).to.include({
      paidUnits: 4000n,
      paidRounds: 1,
      verifiedRounds: 1,
      faultRound: 0,
    });
    expect(story.record(node).auditsPassed).to.equal(1);
    const segments = story.job.auditors.find((credit) => credit.node === auditor)?.segments;
    expect(segments).to.be.within(1, 3);
    expect(story.job.auditors.reduce((sum, credit) => sum + credit.segments, 0)).to.equal(3);
  });

  it("takes a match only with the committed end state", () => {
    const story = drawn();
    const { chain, job } = story;
    const audit = story.audit();
    const node = audit.seats[0]?.node ?? -1;
    const person = chain.personOfNode(node);
    const good = auditPayload(chain, job, audit, { node, answer: "match", isCommittee: false });
    const posting = (change: Partial<typeof good>, from = person) =>
      chain.transaction(from, "job-audit", { ...good, ...change }, { fee: 0n });
    expectApplies(chain, posting({}));
    const field = (change: Partial<typeof good>) =>
      expectRefused(chain, posting(change), "BAD_FIELD").field;
    const [end = new Uint8Array(32), ...path] = good.proof;
    expect(field({ proof: [sha256(end), ...path] })).to.equal("proof");
    expect(field({ proof: path })).to.equal("proof");
    expect(field({ proof: [] })).to.equal("proof");
    const neighbour = audit.segment === 0 ? 1 : audit.segment - 1;
    expect(field({ proof: matchProof(job, audit, neighbour) })).to.equal("proof");
    expect(field({ segment: 1 })).to.equal("segment");
    for (const answer of ["none", "sealed", "silent"] as const) {
      expect(field({ answer: AUDIT_ANSWERS.indexOf(answer) })).to.equal("answer");
    }
    expect(field({ answer: 77 })).to.equal("answer");
    expect(field({ answer: AUDIT_ANSWERS.indexOf("mismatch") })).to.equal("proof");
    const idle = chain.founders.findIndex((_, i) => i !== node);
    expectRefused(chain, posting({}, chain.personOfNode(idle)), "NOT_ASSIGNED");
    expectRefused(chain, posting({}, chain.client), "NOT_ASSIGNED");
    expectRefused(chain, posting({ round: 2 }), "NO_AUDIT");
    expectRefused(chain, posting({ look: 1 }), "NO_AUDIT");
    expectRefused(chain, posting({ job: sha256(job.id) }), "UNKNOWN_JOB");
    story.answer("match", 1);
    expectRefused(chain, posting({}), "NO_AUDIT");
  });

  it("covers all segments to its end if the node is a newcomer when its update goes to the audit", () => {
    const parameters = { newcomerAudits: 1, drawDelay: 4 };
    const story = new AuditStory({ spec: ONE, parameters });
    while (phaseOf(story.job) === "drawing") story.advance();
    story.round();
    const { node } = story.participant();
    const { nodes } = story.chain.head.state;
    // Whoever knows the mix of the draw by now may let another audit pass before it.
    nodes.set(node, { ...nodes.at(node), auditsPassed: 1 });
    story.until("replaying");
    expect(story.audit().segment).to.equal(ALL_SEGMENTS);
  });

  it("replays all segments of a newcomer, and pays for each", () => {
    const story = drawn({ parameters: { newcomerAudits: 1, secondLook: 1_000_000 } });
    expect(story.looks()).to.have.length(1);
    expect(story.audit().segment).to.equal(ALL_SEGMENTS);
    story.answer("match");
    expect(story.job.auditors.reduce((sum, credit) => sum + credit.segments, 0)).to.equal(48);
    story.round();
    story.advance();
    expect(story.audit().segment, "known by now").to.be.below(16);
  });

  it("has a second look at another segment by another auditor, and waits for both", () => {
    const story = drawn({ parameters: { secondLook: 1_000_000 } });
    const [first, second] = story.looks();
    if (first === undefined || second === undefined) throw new Error("no second look");
    expect(second.look).to.equal(1);
    expect(second.segment).to.not.equal(first.segment);
    expect(second.seats[0]?.node).to.not.equal(first.seats[0]?.node);
    const { chain, job } = story;
    const node = first.seats[0]?.node ?? -1;
    const payload = auditPayload(chain, job, first, { node, answer: "match", isCommittee: false });
    story.advance(chain.transaction(chain.personOfNode(node), "job-audit", payload, { fee: 0n }));
    expect(story.participant()).to.include({ paidRounds: 0, verifiedRounds: 1 });
    story.answer("match");
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 1 });
  });

  it("has silent auditors replaced by two new draws, and is then void: paid, but not verified", () => {
    const story = drawn({ spec: ONE, parameters: { windowOffset: 100_000 } });
    const first = story.audit().seats[0]?.node ?? -1;
    story.until("drawing");
    story.until("replaying");
    const second = story.audit().seats[1]?.node ?? -1;
    expect(second).to.not.equal(first);
    expectRefused(
      story.chain,
      story.chain.transaction(
        story.chain.personOfNode(first),
        "job-audit",
        auditPayload(story.chain, story.job, story.audit(), {
          node: first,
          answer: "match",
          isCommittee: false,
        }),
        { fee: 0n },
      ),
      "ALREADY_DONE",
    );
    while (story.looks().length > 0) story.advance();
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 0 });
    expect(story.job.auditors).to.deep.equal([]);
    let missed = 0;
    for (const { auditsMissed, failed } of story.chain.head.state.nodes.values()) {
      missed += auditsMissed;
      expect(failed).to.equal(0);
    }
    expect(missed, "two auditors, three times").to.equal(6);
    expect(story.changes).to.deep.equal([]);
  });

  it("draws a new segment and new auditors for each of two looks, and never makes a third look", () => {
    const story = drawn({ spec: ONE, parameters: { secondLook: 1_000_000 } });
    expect(story.looks().map(({ look }) => look)).to.deep.equal([0, 1]);
    while (story.looks().some(({ retries }) => retries === 0)) story.advance();
    expect(story.looks().map(({ look }) => look)).to.deep.equal([0, 1]);
    story.until("replaying");
    for (const { seats, auditors, retries } of story.looks()) {
      expect([seats.length, auditors, retries]).to.deep.equal([1, 1, 1]);
    }
  });

  it("counts a silent auditor, and takes nothing from it", () => {
    const story = drawn({ spec: ONE });
    const first = story.audit().seats[0]?.node ?? -1;
    story.until("drawing");
    story.until("replaying");
    story.answer("match");
    expect(story.record(first)).to.include({ auditsMissed: 1, failed: 0 });
    expect(story.changes.filter(({ fault }) => fault !== 0)).to.deep.equal([]);
  });

  it("forgives a participant that did not serve one auditor", () => {
    const story = drawn();
    story.answer("not-served");
    story.until("replaying");
    story.answer("match");
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 1, faultRound: 0 });
  });

  it("is void if nobody can replay", () => {
    const story = new AuditStory({
      nodes: 1,
      spec: ONE,
    });
    story.round();
    story.advance();
    expect(story.job.audits).to.deep.equal([]);
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 0 });
  });

  it("keeps a job from being settled", () => {
    const story = new AuditStory({ spec: { rounds: 1 } });
    story.round();
    const { chain, job } = story;
    expect(phaseOf(job)).to.equal("finished");
    const settle = chain.transaction(chain.client, "job-settle", { job: job.id }, { fee: 0n });
    expect(expectRefused(chain, settle, "AUDITS_OPEN").open).to.equal(3);
    story.advance();
    story.answer("match");
    const later = chain.transaction(chain.client, "job-settle", { job: job.id }, { fee: 0n });
    expectApplies(chain, later);
  });

  it("is not opened for an engine whose bits differ: the update is paid at once", () => {
    const story = new AuditStory({ spec: { engine: 1 } });
    story.round();
    expect(story.job.audits).to.deep.equal([]);
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 0 });
  });
});

describe("a committee", () => {
  it("consists of other nodes, and a false update costs its node pay, rating and bond", () => {
    const story = disputed();
    const { node } = story.participant();
    const accuser = story.audit().seats[0]?.node ?? -1;
    const members = story
      .audit()
      .seats.slice(1)
      .map((seat) => seat.node);
    expect(new Set([node, accuser, ...members]).size).to.equal(7);
    const balance = (of: number) =>
      story.chain.head.state.account(story.chain.personOfNode(of).address).balance;
    const before = balance(accuser);
    const { burned } = story.chain.head.state.meta;
    story.answer("mismatch");
    expect(stageOf(story.audit())).to.equal("opening");
    story.answer("mismatch");
    expect(story.looks()).to.deep.equal([]);
    expect(story.participant()).to.include({
      paidUnits: 0n,
      paidRounds: 0,
      faultRound: 1,
      fault: AUDIT_FAULTS.indexOf("mismatch"),
    });
    expect(story.record(node)).to.include({ rating: 0n, bond: BOND / 2n, auditsFailed: 1 });
    expect(story.changes.find((change) => change.node === node)).to.include({
      cause: RATING_CAUSES.indexOf("audit"),
      after: 0n,
    });
    // A tenth of what was slashed for the six who proved it.
    const part = BOND / 20n / 6n;
    expect(balance(accuser) - before).to.equal(part);
    expect(story.chain.head.state.meta.burned - burned).to.equal(BOND / 2n - 6n * part);
    // The next round does without it.
    const facts = () => {
      const own = commits(story.chain, story.job).find(
        ({ transaction }) => story.chain.head.state.nodeIndex(transaction.sender) === node,
      );
      if (own === undefined) throw new Error("no commit");
      return expectRefused(story.chain, own, "NOT_ASSIGNED");
    };
    expect(facts().duty).to.equal("job-commit");
    const rest = commits(story.chain, story.job).filter(
      ({ transaction }) => story.chain.head.state.nodeIndex(transaction.sender) !== node,
    );
    story.advance(...rest);
    expect(phaseOf(story.job)).to.equal("revealing");
  });

  it("that finds the update right makes the accuser pay", () => {
    const story = disputed({ spec: ONE });
    const accuser = story.audit().seats[0]?.node ?? -1;
    story.answer("match");
    story.answer("match");
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 1, faultRound: 0 });
    expect(story.record(accuser)).to.include({ failed: 1000, bond: BOND });
    expect(story.job.auditors.find((credit) => credit.node === accuser)).to.equal(undefined);
  });

  it("ignores a repeated seal, whichever node made it first, and convicts nobody by it", () => {
    const story = disputed();
    const { chain, job } = story;
    const audit = story.audit();
    const members = audit.seats.slice(audit.auditors).map((seat) => seat.node);
    const [first = -1] = members;
    const honest = auditPayload(chain, job, audit, {
      node: first,
      answer: "match",
      isCommittee: true,
    });
    for (const member of members) {
      const person = chain.personOfNode(member);
      story.advance(chain.transaction(person, "job-audit", honest, { fee: 0n }));
    }
    expect(stageOf(story.audit())).to.equal("opening");
    const { node } = story.participant();
    while (story.looks().length > 0) story.answer("match");
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 1, faultRound: 0 });
    expect(story.record(node).bond).to.equal(BOND);
    const told = members.map((member) => story.record(member).auditsMissed);
    expect(told, "only one computed it").to.deep.equal([0, 1, 1, 1, 1]);
    const failed = members.map((member) => story.record(member).failed);
    expect(failed, "one alone shows nobody's neglect").to.deep.equal([0, 0, 0, 0, 0]);
  });

  it("takes sealed answers only, and shows the end state only afterwards", () => {
    const story = disputed();
    const { chain, job } = story;
    const audit = story.audit();
    const member = audit.seats[1]?.node ?? -1;
    const person = chain.personOfNode(member);
    const bare = auditPayload(chain, job, audit, {
      node: member,
      answer: "match",
      isCommittee: false,
    });
    const posting = (value: typeof bare) =>
      chain.transaction(person, "job-audit", value, { fee: 0n });
    expect(expectRefused(chain, posting(bare), "BAD_FIELD").field).to.equal("answer");
    const sealed = { ...bare, answer: AUDIT_ANSWERS.indexOf("sealed") };
    expect(expectRefused(chain, posting(sealed), "BAD_FIELD").field).to.equal("proof");
    const { round, node, look } = audit;
    const value = { job: job.id, round, node, look, proof: matchProof(job, audit) };
    const showing = (change: Partial<typeof value> = {}, from = person) =>
      chain.transaction(from, "job-audit-open", { ...value, ...change }, { fee: 0n });
    expectRefused(chain, showing(), "NO_AUDIT");
    story.answer("match");
    expectApplies(chain, showing());
    expectApplies(chain, showing({}, chain.personOfNode(node)));
    expectRefused(chain, showing({}, chain.client), "NOT_ASSIGNED");
    const [end = new Uint8Array(32), ...path] = value.proof;
    const wrong = { proof: [sha256(end), ...path] };
    expect(expectRefused(chain, showing(wrong), "BAD_FIELD").field).to.equal("proof");
    const zeros = Array.from(
      { length: segmentCount(trainSpec(job.spec), audit.units) + 1 },
      () => ZERO_HASH,
    );
    const { state } = chain.head;
    const index = state.jobIndex(job.id) ?? -1;
    const present = state.jobs.at(index);
    const audits = present.audits.map((one) => ({ ...one, checkpointRoot: merkleRoot(zeros) }));
    state.jobs.set(index, { ...present, audits });
    const nothing = { proof: [ZERO_HASH, ...merkleProof(zeros, audit.segment + 1).siblings] };
    expect(expectRefused(chain, showing(nothing), "BAD_FIELD").reason).to.contain("zero");
  });

  it("blames nobody when nobody shows the state, and draws another committee, twice", () => {
    const story = disputed({ spec: ONE });
    const first = story.audit().seats.slice(1);
    story.answer("match");
    expect(stageOf(story.audit())).to.equal("opening");
    story.until("judging");
    expect(story.audit()).to.include({ retries: 1, auditors: 1 });
    expect(story.audit().seats.slice(1)).to.have.length(5);
    for (const { node } of first) expect(story.record(node).failed).to.equal(0);
    while (story.looks().length > 0) story.advance();
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 0, faultRound: 0 });
    expect(story.record(story.participant().node)).to.include({ bond: BOND, failed: 0 });
  });

  it("decides for the participant at a tie, and not at all when it is silent", () => {
    const tie = disputed();
    tie.answer((place) => (["match", "mismatch"] as const)[place]);
    tie.until("opening");
    tie.answer("match");
    expect(tie.participant()).to.include({ paidRounds: 1, verifiedRounds: 1 });
    const silent = disputed();
    const { node } = silent.participant();
    const accuser = silent.audit().seats[0]?.node ?? -1;
    const member = silent.audit().seats[1]?.node ?? -1;
    while (silent.looks().length > 0) silent.advance();
    expect(silent.participant()).to.include({ paidRounds: 1, verifiedRounds: 0, faultRound: 0 });
    for (const one of [node, accuser, member]) {
      expect(silent.record(one)).to.include({ failed: 0, bond: BOND });
    }
  });

  it("leaves an update unpaid that two members accuse, and punishes nobody", () => {
    const story = disputed({ spec: ONE });
    const { node } = story.participant();
    const two = (place: number) => (place < 2 ? ("mismatch" as const) : undefined);
    while (story.looks().length > 0) story.answer(two);
    expect(story.participant()).to.include({ paidRounds: 0, faultRound: 0, fault: 0 });
    expect(story.record(node)).to.include({ bond: BOND, failed: 0, withheld: 0 });
  });

  it("makes a node that did not serve less reliable, leaves its update unpaid, and neither slashes it nor puts it out of the job", () => {
    const story = drawn({ parameters: { newcomerAudits: 1 } });
    const { node } = story.participant();
    story.answer("not-served");
    story.until("replaying");
    story.answer("not-served");
    story.until("judging");
    expect(story.audit().segment).to.be.below(16);
    story.answer("not-served");
    expect(story.participant()).to.include({
      paidRounds: 0,
      faultRound: 1,
      fault: AUDIT_FAULTS.indexOf("not-served"),
    });
    expect(story.record(node)).to.include({ bond: BOND, failed: 125, auditsFailed: 1 });
    const [change] = story.changes.filter((one) => one.node === node);
    if (change === undefined) throw new Error("the block tells of no change");
    expect(change.after > 0n && change.after < change.before).to.equal(true);
    expect(change.after).to.equal(story.record(node).rating);
    expect(change.fault).to.equal(RATING_FAULTS.indexOf("not-served"));
    // It goes on, and its next update is replayed as a whole, for which nobody needs it.
    story.round();
    story.advance();
    expect(story.audit().segment).to.equal(ALL_SEGMENTS);
    story.answer("match");
    expect(story.participant()).to.include({ paidRounds: 1, verifiedRounds: 1 });
  });

  it("neither pays nor punishes a node that serves one of five", () => {
    const story = disputed({ spec: ONE });
    const { node } = story.participant();
    const one = (place: number) => (place === 0 ? ("match" as const) : ("not-served" as const));
    while (story.looks().length > 0) story.answer(one);
    expect(story.participant()).to.include({ paidRounds: 0, faultRound: 0 });
    expect(story.record(node)).to.include({ bond: BOND, failed: 0 });
  });

  it("seats the accuser in a network that is too small, and three must still agree", () => {
    for (const [nodes, convicts] of [
      [3, false],
      [4, true],
    ] as const) {
      const story = disputed({ nodes, spec: ONE });
      const { node } = story.participant();
      const members = story.audit().seats.slice(1);
      expect(members.map((seat) => seat.node)).to.include(story.audit().seats[0]?.node);
      while (story.looks().length > 0) story.answer("mismatch");
      expect(story.record(node).bond).to.equal(convicts ? BOND / 2n : BOND);
      expect(story.participant().paidRounds).to.equal(0);
    }
  });

  it("leaves earlier updates of the node unpaid that still waited", () => {
    const story = new AuditStory({ spec: { rounds: 3 } });
    story.round();
    story.round();
    const { node } = story.participant();
    expect(story.looks().map(({ round }) => round)).to.deep.equal([1, 2]);
    story.answer("mismatch");
    story.until("judging");
    for (let i = 0; i < 3 && story.looks().length > 0; i++) story.answer("mismatch");
    expect(story.looks()).to.deep.equal([]);
    expect(story.participant()).to.include({ node, paidRounds: 0, paidUnits: 0n });
  });
});

describe("sealOf", () => {
  it("differs with the state and with the node that seals it", () => {
    const [a, b] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
    const seals = [sealOf(a, a), sealOf(a, b), sealOf(b, a)].map((seal) => seal.join());
    expect(new Set(seals).size).to.equal(3);
  });
});

describe("a committed update that the record leaves out", () => {
  /** A round of which the team records all updates but that of the participant in position 1. */
  function leftOut(options: ConstructorParameters<typeof AuditStory>[0] = {}): AuditStory {
    const story = new AuditStory(options);
    story.advance(...commits(story.chain, story.job));
    const { chain, job } = story;
    story.advance(roundRecord(chain, { ...job, participants: job.participants.toSpliced(1, 1) }));
    return story;
  }

  it("is audited like the others, paid and counted once it is found right", () => {
    const story = leftOut();
    expect(story.job.audits.map(({ merged }) => merged).sort()).to.deep.equal([0, 1, 1]);
    expect(story.changes).to.deep.equal([]);
    story.advance();
    story.answer("match", 1);
    const { node } = story.participant(1);
    expect(story.participant(1)).to.include({ paidRounds: 1, verifiedRounds: 1 });
    expect(story.record(node)).to.include({ failed: 0, verified: 11_000 });
  });

  it("costs its participant the usual price of a false update if it is false", () => {
    const story = leftOut();
    const { node } = story.participant(1);
    story.advance();
    while (story.looks(1).length > 0) story.answer("mismatch", 1);
    expect(story.participant(1).paidRounds).to.equal(0);
    expect(story.record(node).bond).to.equal(BOND / 2n);
  });

  it("is not paid if nobody can replay it, because it was not shown valid", () => {
    const story = new AuditStory({ spec: ONE });
    story.advance(...commits(story.chain, story.job));
    while (phaseOf(story.job) !== "failed") story.advance();
    const { node } = story.participant();
    for (let guard = 0; story.job.audits.length > 0 && guard < 400; guard++) story.advance();
    expect(story.participant()).to.include({ paidRounds: 0, faultRound: 0 });
    expect(story.record(node)).to.include({ bond: BOND, failed: 0 });
  });

  it("stays unpaid on an engine that nobody can replay, and costs nothing", () => {
    const story = leftOut({ spec: { engine: 1 } });
    expect(story.job.participants.map(({ paidRounds }) => paidRounds)).to.deep.equal([1, 0, 1]);
    expect([story.changes, story.job.audits]).to.deep.equal([[], []]);
    expect(story.record(story.participant(1).node).failed).to.equal(0);
  });
});
