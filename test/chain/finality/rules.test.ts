import { expect } from "chai";
import { assembleCertificate } from "../../../chain/finality/certificate.ts";
import { Drive, HEIGHT, kinds, V, vote, W } from "./drive.ts";

/** Line numbers are those of Algorithm 1 in arXiv 1807.04938. */
describe("tendermint rules on votes", () => {
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
      expect(kinds(effects)).to.deep.equal(["double-vote"]);
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
});
