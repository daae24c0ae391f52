import { expect } from "chai";
import { laneSeed, nextRegular, stagesFrom } from "../../../chain/rating/window.ts";
import { WINDOW_KINDS } from "../../../chain/types/window.ts";
import { TEST_PARAMETERS, TestChain } from "../../helpers/chain.ts";

describe("benchmark windows", () => {
  it("have stages of fixed length", () => {
    expect(stagesFrom(10, "regular", TEST_PARAMETERS)).to.deep.equal({
      opens: 10,
      closes: 16,
      claimsUntil: 20,
      verdictsUntil: 33,
      sealsUntil: 46,
      appealsUntil: 50,
    });
    expect(stagesFrom(100, "surprise", TEST_PARAMETERS).closes).to.equal(104);
  });

  it("open regularly", () => {
    expect(nextRegular(0, TEST_PARAMETERS)).to.equal(10);
    expect(nextRegular(10, TEST_PARAMETERS)).to.equal(10);
    expect(nextRegular(11, TEST_PARAMETERS)).to.equal(610);
    expect(nextRegular(610, TEST_PARAMETERS)).to.equal(610);
    expect(nextRegular(611, TEST_PARAMETERS)).to.equal(1210);
  });

  it("open by surprise at ends of epochs, never beside another", () => {
    const parameters = { surpriseChance: 600_000, windowInterval: 150 };
    const chain = new TestChain({ parameters });
    const opened: { kind: string | undefined; opens: number; over: number }[] = [];
    for (let height = 1; height < 900; height++) {
      chain.advance();
      const { window } = chain.head.state;
      if (window.number > opened.length) {
        const { opens, appealsUntil: over } = window;
        opened.push({ kind: WINDOW_KINDS[window.kind], opens, over });
      }
    }
    const surprises = opened.filter(({ kind }) => kind === "surprise");
    const regular = opened.filter(({ kind }) => kind === "regular");
    expect(surprises.length).to.be.above(2);
    expect(regular.map(({ opens }) => opens)).to.deep.equal([10, 160, 310, 460, 610, 760]);
    const { epochBlocks } = chain.head.state.parameters;
    for (const { opens, over } of surprises) {
      expect((opens + 1) % epochBlocks).to.equal(0);
      expect(over).to.be.below(nextRegular(opens, chain.head.state.parameters));
    }
    // Over before the next one, even where nobody claims.
    opened.slice(1).forEach(({ opens }, i) => {
      expect(opens).to.be.above(opened[i]?.opens ?? opens);
    });
  });

  it("come as no surprise where the chance is zero", () => {
    const chain = new TestChain();
    chain.advanceTo(300);
    expect(chain.head.state.window.number).to.equal(1);
  });

  it("give every node, lane and window a seed of its own", () => {
    const [a, b] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const seeds = [laneSeed(a, a, 0), laneSeed(a, a, 1), laneSeed(a, b, 0), laneSeed(b, a, 0)];
    expect(new Set(seeds.map((seed) => seed.join())).size).to.equal(4);
  });
});
