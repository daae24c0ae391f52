import { expect } from "chai";
import { PastPrevotes } from "../../../node/consensus/past-prevotes.ts";
import { Drive, V, vote } from "../../chain/finality/drive.ts";

describe("PastPrevotes", () => {
  it("keeps prevotes for blocks of later rounds, of a bounded number of heights", () => {
    const drive = new Drive();
    drive.start();
    const kept = vote("prevote", 2, { round: 1, value: V });
    for (const one of [
      vote("prevote", 2, { value: V }),
      kept,
      vote("prevote", 3, { round: 1, value: null }),
      vote("precommit", 2, { round: 1, value: V }),
    ]) {
      drive.run({ kind: "vote", vote: one });
    }
    const past = new PastPrevotes();
    const { rounds } = drive.state;
    for (let height = 1; height <= 40; height++) {
      past.keep({ height, rounds: height % 5 === 0 ? [] : rounds });
    }
    expect(past.at(39)).to.deep.equal([kept]);
    expect(past.at(40)).to.deep.equal([]);
    expect(past.at(1)).to.deep.equal([kept]);
    for (let height = 41; height <= 41; height++) past.keep({ height, rounds });
    expect(past.at(1)).to.deep.equal([]);
    expect(past.at(2)).to.deep.equal([kept]);
  });
});
