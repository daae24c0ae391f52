import { expect } from "chai";
import { votingSafety } from "../../node/voting-safety.ts";

describe("votingSafety", () => {
  const of = (...weights: number[]) =>
    votingSafety(weights.map((weight, i) => ({ name: `node-${i + 1}`, weight: BigInt(weight) })));

  it("warns of a voter that needs nobody", () => {
    const { level, explanation } = of(4, 88, 4, 4);
    expect(level).to.equal("one-decides");
    expect(explanation).to.contain("node-2 has 88 %").and.contain("the chain stops");
    expect(of(5).explanation).to.contain("only voter");
    expect(of()).to.include({ level: "one-decides" });
    expect(of(0, 0)).to.include({ level: "one-decides" });
  });

  it("names the voter whose absence stops the chain, from exactly a third on", () => {
    expect(of(1, 1, 1).level).to.equal("one-can-stop");
    expect(of(40, 30, 30).explanation)
      .to.contain("node-1 has 40 %")
      .and.contain("until it is back");
    // Exactly two thirds are not more than two thirds.
    expect(of(2, 1).level).to.equal("one-can-stop");
  });

  it("counts how many may stop", () => {
    expect(of(1, 1, 1, 1)).to.include({ level: "shared" });
    expect(of(1, 1, 1, 1).explanation).to.contain("any one of the 4 voters may stop");
    expect(of(...Array.from({ length: 10 }, () => 1)).explanation).to.contain("any 3 of the 10");
  });
});
