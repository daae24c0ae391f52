import { expect } from "chai";
import { isOfferDue, isToldDue } from "../../../node/chain/offer-schedule.ts";

const blocksUpTo = (last: number, isDue: (waited: number) => boolean): number[] =>
  Array.from({ length: last + 1 }, (_, waited) => waited).filter(isDue);

describe("the schedule of offers", () => {
  it("doubles the pause after each offer, up to 16 blocks", () => {
    expect(blocksUpTo(64, isOfferDue)).to.deep.equal([1, 2, 4, 8, 16, 32, 48, 64]);
  });

  it("informs the owner for the first time after eight blocks, and then less and less often", () => {
    expect(blocksUpTo(200, isToldDue)).to.deep.equal([8, 16, 32, 64, 128]);
  });
});
