import { expect } from "chai";
import { Drive, HEIGHT, kinds, V, W } from "./drive.ts";

/** Line numbers are those of Algorithm 1 in arXiv 1807.04938. */
describe("tendermint rules on proposals", () => {
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

    it("is prevoted nil even if it is the value we are locked on: it gives no reason", () => {
      const drive = new Drive().lock(V);
      drive.timeout("precommit", 0);
      drive.proposal(1, V);
      expect(drive.cast.at(-1)).to.equal("prevote 1 nil");
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
});
