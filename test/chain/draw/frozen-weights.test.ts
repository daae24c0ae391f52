import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { drawNodes } from "../../../chain/draw/frozen-weights.ts";
import type { State } from "../../../chain/state/state.ts";
import { weightOf } from "../../../chain/weight/weight.ts";
import { TestChain } from "../../helpers/chain.ts";

const seedOf = (i: number): Uint8Array => sha256(uint32Bytes(i));
const all = (state: State, seed: number): number[] =>
  drawNodes(state, { seed: seedOf(seed), tag: "test", count: state.nodes.length });

describe("weights of draws", () => {
  it("count from the epoch after next on, whatever a node does meanwhile", () => {
    const chain = new TestChain({ parameters: { minBond: POML } });
    const { epochBlocks } = chain.head.state.parameters;
    const [founder] = chain.founders;
    if (founder === undefined) throw new Error("no founder");
    const before = chain.head.state.drawWeights;
    const drawn = Array.from({ length: 20 }, (_, i) => all(chain.head.state, i));
    // All of its bond but the smallest: the weight falls to that at once.
    chain.advance(chain.transaction(founder, "unbond", { amount: 999n * POML }));
    const { parameters, nodes } = chain.head.state;
    expect(weightOf(nodes.at(0), parameters)).to.equal(nodes.at(0).bond);
    expect(nodes.at(0).bond < (before[0] ?? 0n)).to.equal(true);
    while (chain.height < 2 * epochBlocks - 2) {
      chain.advance();
      const { state } = chain.head;
      expect(state.drawWeights).to.deep.equal(before);
      expect(Array.from({ length: 20 }, (_, i) => all(state, i))).to.deep.equal(drawn);
    }
    chain.advance();
    expect(chain.head.state.drawWeights[0]).to.equal(POML);
  });

  it("skip nodes that have left since, and move no other node", () => {
    const chain = new TestChain({ founders: 6 });
    const { state } = chain.head;
    const orders = Array.from({ length: 50 }, (_, i) => all(state, i));
    const gone = { bond: 0n, slashedAt: 1 };
    for (const [field, value] of Object.entries(gone)) {
      const fork = state.fork();
      fork.nodes.set(2, { ...fork.nodes.at(2), [field]: value });
      orders.forEach((order, i) => {
        expect(all(fork, i)).to.deep.equal(order.filter((node) => node !== 2));
      });
    }
  });
});
