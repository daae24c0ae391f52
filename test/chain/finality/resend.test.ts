import { expect } from "chai";
import { inspectRoundState } from "../../../chain/finality/inspect-round-state.ts";
import { knownMessages } from "../../../chain/finality/resend.ts";
import { Drive, V, W } from "./drive.ts";

describe("finality resend", () => {
  /** Locked on V in round 0, now in round 3. */
  function lateDrive(): Drive {
    const drive = new Drive().lock(V);
    drive.timeout("precommit", 0);
    drive.proposal(1, W);
    drive.votes("prevote", [1, 2], { round: 1, value: null });
    drive.timeout("precommit", 1);
    drive.votes("precommit", [3], { round: 2, value: null });
    drive.timeout("precommit", 2);
    return drive;
  }

  it("offers the rounds of the lock, the one before and the one under way", () => {
    const { proposals, votes } = knownMessages(lateDrive().state);
    expect([...new Set(votes.map((vote) => vote.round))]).to.deep.equal([0, 2]);
    expect(votes.filter((vote) => vote.round === 0)).to.have.length(4);
    expect(proposals.map((proposal) => proposal.value)).to.deep.equal([V]);
  });

  it("offers the round whose polka a recent proposal refers to", () => {
    const drive = new Drive();
    drive.start();
    drive.votes("prevote", [3], { value: V });
    drive.timeout("precommit", 0);
    drive.timeout("precommit", 1);
    drive.timeout("precommit", 2);
    expect(knownMessages(drive.state).votes).to.deep.equal([]);
    drive.proposal(3, V, { validRound: 0, seat: 0 });
    expect(knownMessages(drive.state).votes.map((vote) => vote.round)).to.deep.equal([0]);
  });

  it("offers the block somebody may be locked on, however old, newest proposals first", () => {
    const drive = new Drive();
    drive.start();
    drive.proposal(0, V);
    drive.votes("precommit", [3], { value: V });
    for (const round of [0, 1, 2]) drive.timeout("precommit", round);
    drive.proposal(3, W, { seat: 0 });
    const { proposals } = knownMessages(drive.state);
    expect(proposals.map((proposal) => proposal.value)).to.deep.equal([W, V]);
  });

  it("offers nothing once the height is decided: peers get the certified block", () => {
    const drive = new Drive().lock(V);
    drive.votes("precommit", [1, 2], { value: V });
    expect(knownMessages(drive.state)).to.deep.equal({ proposals: [], votes: [] });
  });

  it("lets a node that has nothing decide by what another knows", () => {
    const drive = new Drive().lock(V);
    drive.votes("precommit", [1], { value: V });
    const { proposals, votes } = knownMessages(drive.state);
    const other = new Drive({ self: 3 });
    other.start();
    for (const proposal of proposals) other.run({ kind: "proposal", ...proposal, valid: true });
    for (const vote of votes) other.run({ kind: "vote", vote });
    expect(other.state.decision).to.deep.equal({ round: 0, value: V });
  });

  it("is reported as plain JSON", () => {
    const report = inspectRoundState(lateDrive().state);
    expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
    expect(report).to.include({ round: 3, totalWeight: "4" });
    expect(report.rounds[0]?.prevote).to.deep.equal({
      seats: [0, 1, 2],
      heardWeight: "3",
      shares: [{ value: V, weight: "3" }],
    });
  });
});
