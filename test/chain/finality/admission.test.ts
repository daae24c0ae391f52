import { expect } from "chai";
import {
  FUTURE_ROUNDS,
  isNewsProposal,
  isNewsVote,
  MAX_ROUND,
} from "../../../chain/finality/admission.ts";
import { knownMessages } from "../../../chain/finality/resend.ts";
import { proposerSeat } from "../../../chain/finality/round-state.ts";
import { Drive, HEIGHT, V, value, vote, W, X } from "./drive.ts";

describe("finality admission", () => {
  const proposal = { height: HEIGHT, round: 0, validRound: -1, value: V, seat: 1 };

  it("takes a vote once", () => {
    const drive = new Drive();
    const first = vote("prevote", 1, { value: V });
    expect(isNewsVote(drive.state, first)).to.equal(true);
    drive.run({ kind: "vote", vote: first });
    expect(isNewsVote(drive.state, first)).to.equal(false);
  });

  it("refuses votes of another height, of no seat, of no type and of no round", () => {
    const { state } = new Drive();
    const good = vote("prevote", 1, { value: V });
    for (const change of [
      { height: HEIGHT + 1 },
      { seat: 4 },
      { seat: -1 },
      { type: 2 },
      { round: -1 },
      { round: 0.5 },
      { round: MAX_ROUND + 1 },
    ]) {
      expect(isNewsVote(state, { ...good, ...change }), JSON.stringify(change)).to.equal(false);
    }
  });

  it("refuses proposals out of turn, of another height and with a bad valid round", () => {
    const { state } = new Drive();
    expect(isNewsProposal(state, proposal)).to.equal(true);
    for (const change of [
      { height: HEIGHT - 1 },
      { seat: 2 },
      { round: 1 },
      { validRound: 0 },
      { validRound: -2 },
    ]) {
      expect(isNewsProposal(state, { ...proposal, ...change }), JSON.stringify(change)).to.equal(
        false,
      );
    }
  });

  it("refuses a third proposal of a round, unless its block is wanted", () => {
    const drive = new Drive();
    drive.start();
    drive.proposal(0, V);
    drive.proposal(0, W);
    expect(isNewsProposal(drive.state, { ...proposal, value: X })).to.equal(false);
    drive.votes("precommit", [1, 2, 3], { value: X });
    expect(isNewsProposal(drive.state, { ...proposal, value: X })).to.equal(true);
    drive.proposal(0, X);
    expect(drive.state.decision).to.deep.equal({ round: 0, value: X });
  });

  it("takes nothing once the height is decided", () => {
    const drive = new Drive().lock(V);
    drive.votes("precommit", [1, 2], { value: V });
    expect(isNewsVote(drive.state, vote("precommit", 3, { value: V }))).to.equal(false);
    expect(isNewsProposal(drive.state, { ...proposal, value: W })).to.equal(false);
  });

  it("keeps no content of far rounds, whatever one seat sends", () => {
    const drive = new Drive();
    drive.start();
    for (let round = 1; round <= 5000; round++) {
      drive.feed({
        kind: "vote",
        vote: vote("prevote", 2, { round, value: value(1 + (round % 250)) }),
      });
      drive.feed({ kind: "vote", vote: vote("precommit", 2, { round, value: null }) });
    }
    expect(drive.state.rounds.length).to.be.at.most(FUTURE_ROUNDS);
    expect(drive.state.heardIn[2]).to.be.within(4000, 5000);
    expect(drive.state.round).to.equal(0);
  });

  it("drops a proposal of a far round unseen, unless its block is wanted", () => {
    const drive = new Drive();
    drive.start();
    const round = 4 * (FUTURE_ROUNDS + 2);
    const far = { ...proposal, seat: proposerSeat(drive.state, round), round };
    expect(isNewsProposal(drive.state, far)).to.equal(false);
    drive.votes("precommit", [1, 2, 3], { value: far.value });
    expect(isNewsProposal(drive.state, far)).to.equal(true);
  });

  it("takes the votes of a far round after the skip", () => {
    const drive = new Drive();
    drive.start();
    drive.votes("prevote", [1, 2], { round: 40, value: null });
    expect(knownMessages(drive.state).votes).to.deep.equal([]);
    const again = vote("prevote", 1, { round: 40, value: null });
    expect(isNewsVote(drive.state, again)).to.equal(true);
    drive.run({ kind: "vote", vote: again });
    expect(knownMessages(drive.state).votes).to.deep.equal([again]);
  });
});
