import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { MAX_UNBONDINGS_PER_NODE } from "../../../chain/types/state.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";

describe("unbond", () => {
  const start = () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    const ask = (amount: bigint) => chain.transaction(founder, "unbond", { amount });
    return { chain, founder, ask };
  };

  it("frees the money when heights and time have both passed", () => {
    const { chain, founder, ask } = start();
    chain.advance(ask(300n * POML));
    expect(chain.head.state.nodes.at(0).bond).to.equal(700n * POML);
    const balance = () => chain.head.state.account(founder.address).balance;
    const { unbondingBlocks, unbondingSeconds } = chain.head.state.parameters;
    // Blocks of 500 ms: 64 heights pass after 40 that take 20 s.
    expect(unbondingBlocks * 500).to.be.above(unbondingSeconds * 1000);
    chain.advanceTo(1 + unbondingBlocks - 1);
    expect(chain.head.state.unbondings).to.have.length(1);
    const before = balance();
    chain.advance();
    expect(chain.head.state.unbondings).to.have.length(0);
    expect(balance() >= before + 300n * POML).to.equal(true);
  });

  it("waits for the time where blocks are fast", () => {
    const chain = new TestChain({ stepMs: 100n });
    const [founder = chain.client] = chain.founders;
    chain.advance(chain.transaction(founder, "unbond", { amount: 10n * POML }));
    const { unbondingBlocks, unbondingSeconds } = chain.head.state.parameters;
    chain.advanceTo(1 + unbondingBlocks);
    expect(chain.head.state.unbondings).to.have.length(1);
    chain.advanceTo(1 + unbondingSeconds * 10);
    expect(chain.head.state.unbondings).to.have.length(0);
  });

  it("lets a node leave with all of its bond, and its seat with it", () => {
    const { chain, ask } = start();
    chain.advance(ask(1000n * POML));
    chain.advanceTo(3 * chain.head.state.parameters.epochBlocks);
    expect(chain.head.state.seats.map(({ node }) => node)).to.deep.equal([1, 2, 3]);
  });

  it("refuses BOND_TOO_SMALL for a rest below the minimum", () => {
    const { chain, ask } = start();
    const facts = expectRefused(chain, ask(995n * POML), "BOND_TOO_SMALL");
    expect(facts).to.include({ bond: 5n * POML, minimum: 10n * POML });
  });

  it("refuses BAD_FIELD for nothing and for more than there is", () => {
    const { chain, ask } = start();
    expectRefused(chain, ask(0n), "BAD_FIELD");
    expectRefused(chain, ask(1001n * POML), "BAD_FIELD");
  });

  it("refuses UNKNOWN_NODE", () => {
    const { chain } = start();
    const order = chain.transaction(chain.client, "unbond", { amount: 1n });
    expectRefused(chain, order, "UNKNOWN_NODE");
  });

  it("refuses ALREADY_DONE when too many pieces are on their way", () => {
    const { chain, ask } = start();
    for (let i = 0; i < MAX_UNBONDINGS_PER_NODE; i++) chain.advance(ask(1n));
    expectRefused(chain, ask(1n), "ALREADY_DONE");
  });
});
