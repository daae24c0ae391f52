import { expect } from "chai";
import { VOTABLE_PARAMETERS } from "../../../chain/governance/votable.ts";
import { withUnit } from "../../../node/cli/parameter-units.ts";

describe("a parameter's value for people", () => {
  it("has the unit it is counted in", () => {
    expect(withUnit("feeRate", "15000")).to.equal("1.5 %");
    expect(withUnit("feeFloor", "1000")).to.equal("0.001 POML");
    expect(withUnit("blockIntervalMs", "500")).to.equal("500 ms");
    expect(withUnit("baselineTask", "1")).to.equal("1");
  });

  it("never is less than the value", () => {
    for (const name of VOTABLE_PARAMETERS) {
      expect(withUnit(name, "20000")).to.match(/^(20000|2|0\.02)( |$)/, name);
    }
  });
});
