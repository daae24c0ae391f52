import { expect } from "chai";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { proposerOrder } from "../../../chain/draw/mix.ts";
import { regained } from "../../../chain/rating/punctuality.ts";
import { FULL_PUNCTUALITY, weightOf } from "../../../chain/weight/weight.ts";
import { TestChain } from "../../helpers/chain.ts";

describe("punctuality", () => {
  it("falls for everyone whose turn passed, who owes for it, and for nobody else", () => {
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
      expect(node.owed).to.equal(isGuilty ? skipPenalty : 0n);
      expect(node.bond).to.equal(bonds[index]);
    }
  });

  it("is paid for out of the next block rewards, never out of the bond or the balance", () => {
    const chain = new TestChain({ parameters: { blockReward: 1500n, skipPenalty: 2000n } });
    const [guilty = -1] = proposerOrder(chain.head.state.meta.mix, 1, chain.head.state.seats);
    chain.take(chain.build([], 1));
    const who = chain.personOfNode(guilty);
    const record = () => chain.head.state.nodes.at(guilty);
    const balance = () => chain.head.state.account(who.address).balance;
    const [bond, before, gains] = [record().bond, balance(), [] as bigint[]];
    for (let last = before; gains.length < 3; ) {
      const { header } = chain.advance();
      if (!equalBytes(header.proposer, who.keys.publicKey)) continue;
      gains.push(balance() - last);
      last = balance();
    }
    expect(gains).to.deep.equal([0n, 1000n, 1500n]);
    expect(record()).to.include({ bond, owed: 0n });
  });

  it("costs an outage of any length the same: what is owed has a limit", () => {
    const chain = new TestChain();
    const { skipPenalty } = chain.head.state.parameters;
    for (let block = 0; block < 40; block++) chain.take(chain.build([], 3));
    const records = Array.from(chain.head.state.nodes.entries(), ([, node]) => node);
    for (const { owed, skipped } of records) {
      expect(skipped).to.be.above(16);
      expect(owed).to.equal(16n * skipPenalty);
    }
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
