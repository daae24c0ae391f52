import { expect } from "chai";
import { assembleCertificate } from "../../../chain/finality/certificate.ts";
import { roundAt } from "../../../chain/finality/round-state.ts";
import { shareOf } from "../../../chain/finality/tally.ts";
import { step } from "../../../chain/finality/tendermint.ts";
import { Drive, HEIGHT, kinds, V, vote, W } from "./drive.ts";

/** Line numbers are those of Algorithm 1 in arXiv 1807.04938. */
describe("tendermint step", () => {
  describe("lines 11-21: a round starts", () => {
    it("makes everyone wait for the proposal with a deadline", () => {
      const drive = new Drive();
      expect(drive.start()).to.deep.equal([
        { kind: "timer", step: "propose", height: HEIGHT, round: 0 },
      ]);
      expect(drive.state.step).to.equal("propose");
    });

    it("line 18: asks the proposer without a valid value to build", () => {
      const drive = new Drive({ self: 1 });
      expect(kinds(drive.start())).to.deep.equal(["timer", "build"]);
    });

    it("line 19: proposes what was built, once", () => {
      const drive = new Drive({ self: 1 });
      drive.start();
      const built = { kind: "built", height: HEIGHT, round: 0, value: V } as const;
      expect(drive.feed(built)).to.deep.equal([
        { kind: "propose", height: HEIGHT, round: 0, validRound: -1, value: V },
      ]);
      drive.proposal(0, V);
      expect(drive.feed({ ...built, value: W })).to.deep.equal([]);
      expect(drive.cast).to.deep.equal(["prevote 0 1"]);
    });

    it("line 16: proposes its valid value again, with the round of its polka", () => {
      const drive = new Drive({ order: [1, 0] }).lock(V);
      drive.votes("precommit", [1, 2], { value: null });
      const effects = drive.timeout("precommit", 0);
      expect(effects).to.deep.include({
        kind: "propose",
        height: HEIGHT,
        round: 1,
        validRound: 0,
        value: V,
      });
      expect(kinds(effects)).not.to.include("build");
    });

    it("never proposes again what it proposed before a crash", () => {
      const drive = new Drive({ self: 1 });
      drive.feed({
        kind: "proposal",
        height: HEIGHT,
        round: 0,
        validRound: -1,
        value: V,
        seat: 1,
        valid: true,
        timely: true,
      });
      const effects = drive.start();
      expect(kinds(effects)).to.include("vote").and.not.include("build");
    });

    it("does not propose what was built too late", () => {
      const drive = new Drive({ self: 1 });
      drive.start();
      drive.timeout("propose", 0);
      const built = { kind: "built", height: HEIGHT, round: 0, value: V } as const;
      expect(drive.feed(built)).to.deep.equal([]);
    });

    it("starts a height once", () => {
      const drive = new Drive();
      drive.start();
      expect(drive.start()).to.deep.equal([]);
    });
  });

  describe("lines 22-27: a fresh proposal", () => {
    it("line 24: is prevoted if it is valid and we are not locked", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      expect(drive.cast).to.deep.equal(["prevote 0 1"]);
      expect(drive.state.step).to.equal("prevote");
    });

    it("line 26: is prevoted nil if it is invalid", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V, { valid: false });
      expect(drive.cast).to.deep.equal(["prevote 0 nil"]);
    });

    it("is prevoted nil if its time is far from ours", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V, { timely: false });
      expect(drive.cast).to.deep.equal(["prevote 0 nil"]);
    });

    it("line 26: is prevoted nil if we are locked on another value", () => {
      const drive = new Drive().lock(V);
      drive.timeout("precommit", 0);
      drive.proposal(1, W);
      expect(drive.cast).to.deep.equal(["prevote 0 1", "precommit 0 1", "prevote 1 nil"]);
    });

    it("line 24: is prevoted if it is the value we are locked on", () => {
      const drive = new Drive().lock(V);
      drive.timeout("precommit", 0);
      drive.proposal(1, V, { timely: false });
      expect(drive.cast.at(-1)).to.equal("prevote 1 1");
    });

    it("waits until the height has started", () => {
      const drive = new Drive();
      drive.proposal(0, V);
      expect(drive.cast).to.deep.equal([]);
      drive.start();
      expect(drive.cast).to.deep.equal(["prevote 0 1"]);
    });

    it("is ignored out of turn, of another height, or with a valid round that is not earlier", () => {
      const drive = new Drive();
      drive.start();
      const before = drive.state;
      drive.proposal(0, V, { seat: 2 });
      drive.proposal(0, V, { validRound: 0 });
      const event = { height: HEIGHT + 1, round: 0, validRound: -1, value: V, seat: 1 };
      drive.feed({ kind: "proposal", ...event, valid: true, timely: true });
      expect(drive.state).to.equal(before);
    });

    it("counts the first of two, and reports the second", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      const [effect] = drive.proposal(0, W);
      expect(effect).to.include({ kind: "double-proposal" });
      expect(drive.cast).to.deep.equal(["prevote 0 1"]);
      const before = drive.state;
      drive.proposal(0, V);
      expect(drive.state).to.equal(before);
    });
  });

  describe("lines 28-33: a proposal with an earlier polka", () => {
    /** In round 1, locked on V in round 0. */
    function lockedInRoundOne(): Drive {
      const drive = new Drive().lock(V);
      drive.timeout("precommit", 0);
      return drive;
    }

    it("line 28: waits for that polka", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("propose", 0);
      drive.timeout("precommit", 0);
      drive.proposal(1, W, { validRound: 0 });
      drive.votes("prevote", [1, 2], { value: W });
      expect(drive.cast).to.deep.equal(["prevote 0 nil"]);
      drive.votes("prevote", [3], { value: W });
      expect(drive.cast).to.deep.equal(["prevote 0 nil", "prevote 1 2"]);
    });

    it("line 30: frees a lock of an earlier round", () => {
      const drive = lockedInRoundOne();
      drive.timeout("precommit", 1);
      drive.votes("prevote", [1, 2, 3], { round: 1, value: W });
      drive.proposal(2, W, { validRound: 1 });
      expect(drive.cast.at(-1)).to.equal("prevote 2 2");
    });

    it("line 29: frees a lock of the same round", () => {
      const drive = lockedInRoundOne();
      drive.votes("prevote", [1, 2, 3], { round: 0, value: W });
      drive.proposal(1, W, { validRound: 0 });
      expect(drive.cast.at(-1)).to.equal("prevote 1 2");
    });

    it("line 28: our own lock stands for its polka when a crash has lost the votes", () => {
      const drive = new Drive();
      drive.votes("prevote", [0], { value: V });
      drive.votes("precommit", [0], { value: V });
      drive.timeout("precommit", 0);
      drive.proposal(1, V, { validRound: 0 });
      expect(drive.cast).to.deep.equal(["prevote 1 1"]);
    });

    it("line 32: does not free a lock of a later round", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("propose", 0);
      drive.timeout("precommit", 0);
      drive.proposal(1, V);
      drive.votes("prevote", [1, 2], { round: 1, value: V });
      drive.timeout("precommit", 1);
      drive.votes("prevote", [1, 2, 3], { round: 0, value: W });
      drive.proposal(2, W, { validRound: 0 });
      expect(drive.cast.at(-1)).to.equal("prevote 2 nil");
    });

    it("line 32: is prevoted nil if it is invalid", () => {
      const drive = lockedInRoundOne();
      drive.votes("prevote", [1, 2, 3], { round: 0, value: W });
      drive.proposal(1, W, { validRound: 0, valid: false });
      expect(drive.cast.at(-1)).to.equal("prevote 1 nil");
    });
  });

  describe("lines 34-35: prevotes of more than 2/3 for anything", () => {
    it("start the prevote timer once", () => {
      const drive = new Drive({ weights: [2n, 1n, 1n, 1n, 1n] });
      drive.start();
      drive.timeout("propose", 0);
      drive.votes("prevote", [1], { value: V });
      const atHalf = drive.votes("prevote", [2], { value: W });
      expect(kinds(atHalf), "4 of 6 is not more than 2/3").to.deep.equal([]);
      const above = drive.votes("prevote", [3], { value: V });
      expect(above).to.deep.equal([{ kind: "timer", step: "prevote", height: HEIGHT, round: 0 }]);
      expect(drive.votes("prevote", [4], { value: W })).to.deep.equal([]);
    });

    it("are counted by seat: a seat that votes twice is heard once", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("propose", 0);
      drive.votes("prevote", [1], { value: V });
      const effects = drive.votes("prevote", [1], { value: W });
      expect(kinds(effects)).to.deep.equal(["evidence"]);
    });
  });

  describe("lines 36-43: a polka", () => {
    it("lines 37-41: locks the value and precommits it", () => {
      const drive = new Drive().lock(V);
      expect(drive.cast).to.deep.equal(["prevote 0 1", "precommit 0 1"]);
      expect(drive.state).to.deep.include({
        step: "precommit",
        locked: { round: 0, value: V },
        valid: { round: 0, value: V },
      });
    });

    it("line 38: locks before our own precommit comes back", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      drive.feed({ kind: "vote", vote: vote("prevote", 1, { value: V }) });
      drive.feed({ kind: "vote", vote: vote("prevote", 2, { value: V }) });
      expect(drive.state.locked).to.deep.equal({ round: 0, value: V });
    });

    it("needs strictly more than 2/3 of the weight", () => {
      const drive = new Drive({ weights: [2n, 2n, 2n], order: [1, 2, 0] });
      drive.start();
      drive.proposal(0, V);
      drive.votes("prevote", [1], { value: V });
      expect(drive.state.locked).to.equal(null);
      drive.votes("prevote", [2], { value: V });
      expect(drive.state.locked).to.deep.equal({ round: 0, value: V });
    });

    it("lines 42-43: after our precommit only the valid value moves", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      drive.timeout("prevote", 0);
      drive.votes("prevote", [1, 2], { value: V });
      expect(drive.state.locked).to.equal(null);
      expect(drive.state.valid).to.deep.equal({ round: 0, value: V });
      expect(drive.cast).to.deep.equal(["prevote 0 1", "precommit 0 nil"]);
    });

    it("asks once for a block we lack, and goes on when it comes", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("propose", 0);
      const effects = drive.votes("prevote", [1, 2, 3], { value: V });
      expect(kinds(effects).filter((kind) => kind === "want")).to.deep.equal(["want"]);
      drive.run({ kind: "value", height: HEIGHT, value: V, valid: true });
      expect(drive.cast).to.deep.equal(["prevote 0 nil", "precommit 0 1"]);
      expect(drive.state.wanted).to.deep.equal([]);
    });

    it("does not lock an invalid value", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V, { valid: false });
      drive.votes("prevote", [1, 2, 3], { value: V });
      expect(drive.state.locked).to.equal(null);
      expect(drive.cast).to.deep.equal(["prevote 0 nil"]);
    });

    it("locks a value that was untimely for us alone", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V, { timely: false });
      drive.votes("prevote", [1, 2, 3], { value: V });
      expect(drive.cast).to.deep.equal(["prevote 0 nil", "precommit 0 1"]);
    });
  });

  it("lines 44-46: prevotes of more than 2/3 for nil are precommitted nil", () => {
    const drive = new Drive();
    drive.start();
    drive.proposal(0, V);
    drive.votes("prevote", [1, 2, 3], { value: null });
    expect(drive.cast).to.deep.equal(["prevote 0 1", "precommit 0 nil"]);
    expect(drive.state.locked).to.equal(null);
  });

  it("lines 47-48: precommits of more than 2/3 for anything start the timer once", () => {
    const drive = new Drive();
    drive.start();
    drive.votes("precommit", [1], { value: V });
    expect(drive.votes("precommit", [2], { value: null })).to.deep.equal([]);
    expect(drive.votes("precommit", [3], { value: W })).to.deep.equal([
      { kind: "timer", step: "precommit", height: HEIGHT, round: 0 },
    ]);
    drive.timeout("propose", 0);
    expect(
      drive.effects.filter((e) => e.kind === "timer" && e.step === "precommit"),
    ).to.have.length(1);
  });

  describe("lines 49-54: precommits of more than 2/3 for a value", () => {
    it("decide it, with a certificate in seat order", () => {
      const drive = new Drive().lock(V);
      const effects = drive.votes("precommit", [3, 1], { value: V });
      const votes = [0, 1, 3].map((seat) => vote("precommit", seat, { value: V }));
      const certificate = assembleCertificate(votes);
      expect(effects).to.deep.include({
        kind: "commit",
        height: HEIGHT,
        round: 0,
        value: V,
        certificate,
      });
      expect(drive.state).to.deep.include({ step: "decided", decision: { round: 0, value: V } });
    });

    it("decide it in an earlier round too", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      drive.timeout("precommit", 0);
      const effects = drive.votes("precommit", [1, 2, 3], { value: V });
      expect(kinds(effects)).to.include("commit");
    });

    it("decide it before our own first round", () => {
      const drive = new Drive();
      drive.proposal(0, V);
      expect(kinds(drive.votes("precommit", [1, 2, 3], { value: V }))).to.include("commit");
    });

    it("line 50: wait for the block", () => {
      const drive = new Drive();
      drive.start();
      drive.votes("precommit", [1, 2, 3], { value: V });
      expect(drive.state.wanted).to.deep.equal([V]);
      expect(kinds(drive.proposal(0, V))).to.include("commit");
    });

    it("line 50: never decide an invalid value", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V, { valid: false });
      drive.votes("precommit", [1, 2, 3], { value: V });
      expect(drive.state.decision).to.equal(null);
    });

    it("decide for a node without a seat, which casts no vote", () => {
      const drive = new Drive({ self: null });
      drive.start();
      drive.proposal(0, V);
      drive.votes("prevote", [1, 2, 3], { value: V });
      expect(kinds(drive.votes("precommit", [1, 2, 3], { value: V }))).to.include("commit");
      expect(drive.cast).to.deep.equal([]);
    });

    it("end the height: nothing changes it afterwards", () => {
      const drive = new Drive().lock(V);
      drive.votes("precommit", [1, 2], { value: V });
      const before = drive.state;
      drive.votes("precommit", [3], { value: V });
      drive.timeout("precommit", 0);
      expect(drive.state).to.equal(before);
    });
  });

  describe("lines 55-56: messages of later rounds", () => {
    it("of more than 1/3 pull us to the round", () => {
      const drive = new Drive({ weights: [2n, 1n, 1n, 1n, 1n] });
      drive.start();
      drive.votes("prevote", [1, 2], { round: 2, value: null });
      expect(drive.state.round, "2 of 6 is not more than 1/3").to.equal(0);
      drive.votes("precommit", [3], { round: 3, value: null });
      expect(drive.state).to.include({ round: 2, step: "propose" });
    });

    it("count a proposal as a message of its proposer", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(1, V);
      expect(drive.state.round).to.equal(0);
      drive.votes("prevote", [3], { round: 1, value: V });
      expect(drive.state.round).to.equal(1);
      expect(drive.cast).to.deep.equal(["prevote 1 1"]);
    });

    it("pull us from any distance, past what is kept", () => {
      const drive = new Drive();
      drive.start();
      drive.votes("prevote", [1, 2], { round: 500, value: null });
      expect(drive.state.round).to.equal(500);
    });
  });

  describe("lines 57-67: timeouts", () => {
    it("line 59: no proposal in time is prevoted nil", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("propose", 0);
      expect(drive.cast).to.deep.equal(["prevote 0 nil"]);
    });

    it("line 63: no polka in time is precommitted nil", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      drive.timeout("prevote", 0);
      expect(drive.cast).to.deep.equal(["prevote 0 1", "precommit 0 nil"]);
    });

    it("line 67: no decision in time starts the next round", () => {
      const drive = new Drive();
      drive.start();
      drive.timeout("precommit", 0);
      expect(drive.state).to.include({ round: 1, step: "propose" });
    });

    it("of another round, height or step do nothing", () => {
      const drive = new Drive();
      drive.start();
      const before = drive.state;
      drive.timeout("propose", 1);
      drive.timeout("prevote", 0);
      drive.feed({ kind: "timeout", step: "precommit", height: HEIGHT - 1, round: 0 });
      expect(drive.state).to.equal(before);
    });
  });

  describe("a seat that votes twice", () => {
    it("counts once for each value and is reported with both votes", () => {
      const drive = new Drive();
      drive.start();
      drive.votes("prevote", [1], { value: W });
      const [effect] = drive.votes("prevote", [1], { value: V });
      const first = vote("prevote", 1, { value: V });
      const second = vote("prevote", 1, { value: W });
      expect(effect).to.deep.equal({ kind: "evidence", evidence: { first, second } });
      const { prevote } = roundAt(drive.state, 0);
      expect([shareOf(prevote, V), shareOf(prevote, W), prevote.heard]).to.deep.equal([1n, 1n, 1n]);
    });

    it("is not reported again, and repeated votes change nothing", () => {
      const drive = new Drive();
      drive.start();
      drive.votes("prevote", [1], { value: V });
      drive.votes("prevote", [1], { value: W });
      const before = drive.state;
      expect(drive.votes("prevote", [1, 1, 1], { value: V })).to.deep.equal([]);
      expect(drive.votes("prevote", [1], { value: null })).to.deep.equal([]);
      expect(drive.state).to.equal(before);
    });
  });

  it("takes a third value of a seat that equivocates once honest seats vote for it", () => {
    const drive = new Drive();
    drive.start();
    drive.proposal(0, V);
    drive.votes("prevote", [3], { value: W });
    drive.votes("prevote", [3], { value: null });
    expect(drive.votes("prevote", [3], { value: V }), "one seat of four so far").to.deep.equal([]);
    drive.votes("prevote", [1], { value: V });
    expect(kinds(drive.votes("prevote", [3], { value: V }))).to.include("vote");
    expect(drive.state.locked).to.deep.equal({ round: 0, value: V });
  });

  describe("our own votes", () => {
    it("count when they are fed back, and only once", () => {
      const drive = new Drive();
      drive.start();
      drive.proposal(0, V);
      drive.votes("prevote", [0, 0], { value: V });
      expect(roundAt(drive.state, 0).prevote.heard).to.equal(1n);
    });

    it("alone bring back round, step and lock after a crash", () => {
      const before = new Drive().lock(V);
      before.timeout("precommit", 0);
      before.timeout("propose", 1);
      const after = new Drive();
      after.votes("prevote", [0], { value: V });
      after.votes("precommit", [0], { value: V });
      after.votes("prevote", [0], { round: 1, value: null });
      const { round, step: at, locked, valid } = before.state;
      expect(after.state).to.deep.include({ round, step: at, locked, valid });
      after.start();
      after.proposal(1, W);
      expect(after.cast, "never votes twice in one step").to.deep.equal([]);
    });

    it("bring the journaled block of the lock with them, and no other", () => {
      const drive = new Drive({ order: [1, 0] });
      drive.votes("precommit", [0], { value: V });
      drive.feed({ kind: "value", height: HEIGHT, value: V, valid: true });
      drive.feed({ kind: "value", height: HEIGHT, value: W, valid: true });
      expect(drive.state.values).to.deep.equal([{ value: V, valid: true }]);
      expect(kinds(drive.timeout("precommit", 0))).to.include("propose");
    });

    it("let a restarted proposer repeat its valid value only with the block at hand", () => {
      const drive = new Drive({ order: [1, 0] });
      drive.votes("precommit", [0], { value: V });
      drive.timeout("precommit", 0);
      expect(kinds(drive.effects)).to.include("want").and.not.include("build");
    });
  });

  it("gives the same state and effects for the same events", () => {
    const run = (): Drive => {
      const drive = new Drive().lock(V);
      drive.votes("precommit", [1], { value: null });
      drive.timeout("precommit", 0);
      return drive;
    };
    const [first, second] = [run(), run()];
    expect(second.state).to.deep.equal(first.state);
    expect(second.effects).to.deep.equal(first.effects);
  });

  it("returns the very same state for an event that says nothing new", () => {
    const { state } = new Drive().lock(V);
    const old = { kind: "vote", vote: vote("prevote", 1, { value: V }) } as const;
    expect(step(state, old)).to.deep.equal({ state, effects: [] });
    expect(step(state, old).state).to.equal(state);
  });
});
