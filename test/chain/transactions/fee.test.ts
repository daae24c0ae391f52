import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { rateFee } from "../../../chain/rate-fee.ts";
import { TEST_PARAMETERS } from "../../helpers/chain.ts";

describe("rateFee", () => {
  const parameters = TEST_PARAMETERS;

  it("is 1.5 % of the amount, rounded down", () => {
    expect(rateFee(1_000n * POML, parameters)).to.equal(15n * POML);
    expect(rateFee(1_000_067n, parameters)).to.equal(15_001n);
  });

  it("stays within floor and cap", () => {
    expect(rateFee(0n, parameters)).to.equal(parameters.feeFloor);
    expect(rateFee(66_666n, parameters)).to.equal(parameters.feeFloor);
    expect(rateFee(66_734n, parameters)).to.equal(1_001n);
    expect(rateFee(2n ** 64n - 1n, parameters)).to.equal(parameters.feeCap);
  });
});
