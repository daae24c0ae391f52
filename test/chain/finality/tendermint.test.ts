import { expect } from "chai";
import { roundAt } from "../../../chain/finality/round-state.ts";
import { shareOf } from "../../../chain/finality/tally.ts";
import { step } from "../../../chain/finality/tendermint.ts";
import { Drive, HEIGHT, kinds, V, vote, W } from "./drive.ts";

/** Line numbers are those of Algorithm 1 in arXiv 1807.04938. */
describe("tendermint step", () => {
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
      expect(effect).to.deep.equal({ kind: "double-vote", proof: { first, second } });
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
