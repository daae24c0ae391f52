import { expect } from "chai";
import { verify } from "../../../chain/crypto/keys.ts";
import { findRoute, type RouteSource } from "../../../chain/light/route.ts";
import { trustGenesis } from "../../../chain/light/trust-genesis.ts";
import { verifyLightBlocks } from "../../../chain/light/verify.ts";
import { TestChain } from "../../helpers/chain.ts";
import { LightChain } from "../../helpers/light-chain.ts";

/** Only this founder keeps a rating, so that from the epoch after next on it has the only seat. */
function leaveTo(chain: TestChain, founder: number): void {
  const fork = chain.head.state.fork();
  for (const [index, node] of fork.nodes.entries()) {
    fork.nodes.set(index, { ...node, rating: index === founder ? 10_000_000n : 0n });
  }
  fork.root();
  chain.head.state.absorb(fork);
}

describe("the route of a light client", () => {
  const ledger = new LightChain(new TestChain());
  const { chain } = ledger;
  const genesis = trustGenesis(chain.genesis);
  const reads: number[] = [];
  const source: RouteSource = {
    changeUpTo: async (height, above) => {
      reads.push(height);
      const change = await ledger.seatChange(height, "upTo");
      return change !== undefined && change.header.height > above ? change : undefined;
    },
    changeAfter: async (height) => ledger.seatChange(height + 1, "from"),
  };

  before(() => {
    // One seat an epoch, and never the same two epochs on.
    for (let epoch = 0; epoch < 10; epoch++) {
      leaveTo(chain, epoch % 4);
      ledger.advanceTo(16 * (epoch + 1));
    }
  });

  it("takes the steps that appointments allow where no seat stays", async () => {
    const target = await ledger.at(chain.height);
    const { blocks, isComplete } = await findRoute(genesis, target, { source, limit: 32 });
    expect(isComplete).to.equal(true);
    // Every second change is enough: a state appoints two epochs ahead.
    expect(blocks.length).to.be.within(4, 8);
    const believed = await verifyLightBlocks(genesis, blocks, { verify });
    expect(believed.height).to.equal(chain.height);
  });

  it("ends at its limit, and goes on from there", async () => {
    const target = await ledger.at(chain.height);
    let at = genesis;
    let questions = 0;
    for (let done = false; !done; questions++) {
      const { blocks, isComplete } = await findRoute(at, target, { source, limit: 2 });
      expect(blocks.length).to.be.within(1, 2);
      at = await verifyLightBlocks(at, blocks, { verify });
      done = isComplete;
    }
    expect(at.height).to.equal(chain.height);
    expect(questions).to.be.above(1);
  });

  it("does not exist where a link is missing", async () => {
    const target = await ledger.at(chain.height);
    const nothing = { changeUpTo: async () => undefined, changeAfter: async () => undefined };
    const route = await findRoute(genesis, target, { source: nothing, limit: 32 });
    expect(route).to.deep.equal({ blocks: [], isComplete: false });
  });

  it("needs no look-up where the target is linked at once", async () => {
    reads.length = 0;
    const { blocks } = await findRoute(genesis, await ledger.at(10), { source, limit: 32 });
    expect([blocks.length, reads.length]).to.deep.equal([1, 0]);
  });
});
