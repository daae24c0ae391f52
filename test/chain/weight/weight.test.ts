import { expect } from "chai";
import { totalWeight, weightOf } from "../../../chain/weight/weight.ts";
import { TestChain } from "../../helpers/chain.ts";
import { claim, firstWindow, judgeAll, registration } from "../../helpers/window-run.ts";

describe("weights", () => {
  it("are the rating, as far as the bond reaches", () => {
    const { state } = new TestChain().head;
    const { parameters } = state;
    const node = { ...state.nodes.at(0), rating: 50n };
    expect(weightOf({ ...node, bond: 100n }, parameters)).to.equal(50n);
    expect(weightOf({ ...node, bond: 49n }, parameters)).to.equal(49n);
    expect(weightOf({ ...node, bond: 0n }, parameters)).to.equal(0n);
    expect(weightOf({ ...node, bond: 99n }, { ...parameters, bondPerRating: 2n })).to.equal(49n);
  });
});

describe("seats", () => {
  it("are frozen within an epoch and turn at its last height", () => {
    const chain = new TestChain({ parameters: { windowOffset: 9 } });
    const genesis = chain.head.state.seats;
    const { epochBlocks } = chain.head.state.parameters;
    const { verdictsUntil } = firstWindow(chain);
    // Nobody claims: all ratings fade at the window's last block, the first of epoch 2.
    expect(verdictsUntil).to.equal(2 * epochBlocks);
    while (chain.height < 5 * epochBlocks - 2) {
      chain.advance();
      expect(chain.head.state.seats).to.deep.equal(genesis);
    }
    chain.advance();
    expect(chain.height).to.equal(5 * epochBlocks - 1);
    const { seats, nodes, parameters } = chain.head.state;
    seats.forEach(({ node, weight }, i) => {
      expect(weight).to.equal(weightOf(nodes.at(node), parameters));
      expect(weight < (genesis[i]?.weight ?? 0n)).to.equal(true);
    });
    const { header } = chain.advance();
    expect(header.totalWeight).to.equal(totalWeight(chain.head.state.seats));
  });

  it("count a newcomer two epochs after its weight has moved", () => {
    const chain = new TestChain();
    const { client } = chain;
    const { closes, checksDrawn } = firstWindow(chain);
    chain.know(client);
    chain.advance(chain.transaction(client, "register", registration(client)));
    chain.advanceTo(closes);
    chain.advance(claim(chain, client, 50));
    chain.advanceTo(checksDrawn);
    judgeAll(chain, () => "match");
    const { epochBlocks } = chain.head.state.parameters;
    expect(Math.floor(chain.height / epochBlocks)).to.equal(1);
    const weighs = (seats: readonly { node: number; weight: bigint }[]): boolean =>
      seats.some(({ node, weight }) => node === 4 && weight > 0n);
    const seated = (): boolean => weighs(chain.head.state.seats);
    const next = (): boolean => weighs(chain.head.state.nextSeats);
    chain.advanceTo(3 * epochBlocks - 2);
    expect([seated(), next()]).to.deep.equal([false, false]);
    chain.advance();
    expect([seated(), next()]).to.deep.equal([false, true]);
    chain.advanceTo(4 * epochBlocks - 2);
    expect([seated(), next()]).to.deep.equal([false, true]);
    chain.advance();
    expect(seated()).to.equal(true);
    while (chain.head.state.nodes.at(4).proposed === 0) chain.advance();
  });

  it("are drawn by weight when there are more nodes than seats", () => {
    const chain = new TestChain({ parameters: { maxSeats: 3 } });
    const { epochBlocks } = chain.head.state.parameters;
    const drawn = new Set<string>();
    for (let epoch = 1; epoch < 8; epoch++) {
      chain.advanceTo(epoch * epochBlocks);
      const nodes = chain.head.state.seats.map(({ node }) => node);
      expect(nodes).to.have.length(3);
      expect(nodes).to.deep.equal([...new Set(nodes)].sort());
      drawn.add(nodes.join());
    }
    expect(drawn.size).to.be.above(1);
  });

  it("stay as they are when nobody has weight", () => {
    const chain = new TestChain();
    const { state } = chain.head;
    for (const [index, node] of state.nodes.entries()) {
      state.nodes.set(index, { ...node, rating: 0n });
    }
    const { seats } = state;
    chain.advanceTo(3 * state.parameters.epochBlocks);
    expect(chain.head.state.seats).to.deep.equal(seats);
  });
});
