import { expect } from "chai";
import { laneSeed } from "../../../chain/rating/window.ts";
import { stagesFrom } from "../../../chain/schedule/window-stages.ts";
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

  it("open at a fixed height the first time, then at ends of epochs, never beside another", () => {
    const parameters = { surpriseChance: 100_000, windowInterval: 100, windowOffset: 20 };
    const chain = new TestChain({ parameters });
    const opened: { kind: string | undefined; opens: number }[] = [];
    let over = 0;
    for (let height = 1; height < 1200; height++) {
      chain.advance();
      const { window } = chain.head.state;
      if (window.number > opened.length) {
        expect(window.opens).to.be.above(over);
        opened.push({ kind: WINDOW_KINDS[window.kind], opens: window.opens });
      }
      if (window.settledAt > 0) over = window.settledAt;
    }
    const [first, ...later] = opened;
    expect(first).to.deep.equal({ kind: "regular", opens: 20 });
    const { epochBlocks } = chain.head.state.parameters;
    for (const { opens } of later) expect((opens + 1) % epochBlocks).to.equal(0);
    expect(new Set(later.map(({ kind }) => kind)).size).to.equal(2);
    // Not from height to height in equal steps.
    const steps = later.slice(1).map(({ opens }, i) => opens - (later[i]?.opens ?? 0));
    expect(new Set(steps).size).to.be.above(2);
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
