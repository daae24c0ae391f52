import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { laneSeed, windowAt, windowSchedule } from "../../../chain/rating/window.ts";
import { TEST_PARAMETERS } from "../../helpers/chain.ts";

describe("windows", () => {
  const parameters = TEST_PARAMETERS;

  it("open at fixed heights, one after the other", () => {
    expect(windowSchedule(1, parameters)).to.deep.equal({
      window: 1,
      opens: 10,
      closes: 16,
      claimsUntil: 20,
      verdictsUntil: 32,
    });
    expect(windowSchedule(3, parameters).opens).to.equal(10 + 2 * 600);
  });

  it("belong to a height until the next one opens", () => {
    expect(windowAt(9, parameters)).to.equal(undefined);
    expect(windowAt(10, parameters)?.window).to.equal(1);
    expect(windowAt(609, parameters)?.window).to.equal(1);
    expect(windowAt(610, parameters)?.window).to.equal(2);
  });

  it("give every node and lane work of its own", () => {
    const bytes = (fill: number) => new Uint8Array(32).fill(fill);
    const seeds = [
      laneSeed(bytes(1), bytes(2), 0),
      laneSeed(bytes(1), bytes(2), 1),
      laneSeed(bytes(1), bytes(3), 0),
      laneSeed(bytes(4), bytes(2), 0),
    ];
    expect(new Set(seeds.map(toHex)).size).to.equal(4);
  });
});
