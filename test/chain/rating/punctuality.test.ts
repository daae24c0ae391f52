import { expect } from "chai";
import { proposerOrder } from "../../../chain/draw/mix.ts";
import { FULL_PUNCTUALITY, regained } from "../../../chain/rating/punctuality.ts";
import { weightOf } from "../../../chain/rating/weight.ts";
import { TestChain } from "../../helpers/chain.ts";

describe("punctuality", () => {
  it("falls, with some bond, for everyone whose turn passed, and for nobody else", () => {
    const chain = new TestChain();
    const { state } = chain.head;
    const order = proposerOrder(state.meta.mix, 1, state.seats);
    const skipped = order.slice(0, 2);
    const { skipPenalty, skipShare } = state.parameters;
    const bonds = Array.from(state.nodes.entries(), ([, { bond }]) => bond);
    chain.take(chain.build([], 2));
    for (const [index, node] of chain.head.state.nodes.entries()) {
      const isGuilty = skipped.includes(index);
      expect(node.skipped).to.equal(isGuilty ? 1 : 0);
      expect(node.punctuality).to.equal(FULL_PUNCTUALITY - (isGuilty ? skipShare : 0));
      expect(node.bond).to.equal((bonds[index] ?? 0n) - (isGuilty ? skipPenalty : 0n));
    }
    expect(chain.head.state.meta.burned).to.equal(2n * skipPenalty);
  });

  it("charges each seat once, however many rounds passed", () => {
    const chain = new TestChain();
    chain.take(chain.build([], 9));
    const skips = Array.from(chain.head.state.nodes.entries(), ([, { skipped }]) => skipped);
    expect(skips).to.deep.equal([1, 1, 1, 1]);
  });

  it("lowers the weight, and comes back bit by bit", () => {
    const chain = new TestChain();
    const node = { ...chain.head.state.nodes.at(0), punctuality: 500_000 };
    const { parameters } = chain.head.state;
    expect(weightOf(node, parameters)).to.equal(node.rating / 2n);
    let { punctuality } = node;
    for (let epoch = 0; epoch < 300; epoch++) punctuality = regained({ ...node, punctuality });
    expect(punctuality).to.equal(FULL_PUNCTUALITY);
  });
});
