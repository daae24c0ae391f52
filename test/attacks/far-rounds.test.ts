/**
 * One seat sends signed votes and proposals of every round there is, so that others verify them, apply their blocks
 * and keep them. It gains time if the others fall behind.
 */
import { expect } from "chai";
import { FUTURE_ROUNDS, MAX_ROUND } from "../../chain/finality/admission.ts";
import { proposerSeat } from "../../chain/finality/round-state.ts";
import { Drive, HEIGHT, value, vote } from "../chain/finality/drive.ts";

const SEAT = 2;
/** A round of its votes for each way to climb: step by step, or by the least that is taken. */
const STEPS = [1, 3, 4, 100, MAX_ROUND];

describe("attack: votes and proposals of far rounds", () => {
  it("cost each of the others a few dozen signatures a height, however the rounds are chosen", () => {
    for (const step of STEPS) {
      const drive = new Drive();
      drive.start();
      let verified = 0;
      for (let round = 1; round <= MAX_ROUND; round += step) {
        for (const type of ["prevote", "precommit"] as const) {
          const { state } = drive;
          drive.feed({ kind: "vote", vote: vote(type, SEAT, { round, value: value(7) }) });
          if (drive.state !== state) verified++;
        }
      }
      process.stdout.write(`      every ${step}. round: ${verified} votes verified\n`);
      expect(verified).to.be.at.most(2 * FUTURE_ROUNDS + 60);
      expect(drive.state.round).to.equal(0);
    }
  });

  it("make no node apply a block of a round that no rule needs", () => {
    const drive = new Drive();
    drive.start();
    const before = drive.state;
    for (let round = FUTURE_ROUNDS + 1; round <= 2000; round++) {
      const seat = proposerSeat(drive.state, round);
      if (seat === drive.state.self) continue;
      const name = { height: HEIGHT, round, validRound: -1, value: value(1 + (round % 250)), seat };
      drive.feed({ kind: "proposal", ...name, timely: true, valid: true });
    }
    expect(drive.state).to.equal(before);
  });

  it("make nodes skip only to rounds in which more than a third of the weight really is", () => {
    const drive = new Drive();
    drive.start();
    for (const round of [40, 41, 55, 56]) {
      drive.votes("prevote", [1, 2], { round, value: null });
    }
    expect(drive.state.round).to.be.within(40, 56);
    const { round } = drive.state;
    drive.votes("prevote", [1], { round: round + 3, value: null });
    expect(drive.state.round).to.equal(round);
    drive.votes("prevote", [2], { round: round + 3, value: null });
    expect(drive.state.round).to.equal(round + 3);
  });
});
