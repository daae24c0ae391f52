import { expect } from "chai";
import { TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";

describe("bond", () => {
  it("moves money from the account to the bond", () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    const supply = chain.supply();
    const before = chain.head.state.nodes.at(0).bond;
    chain.advance(chain.transaction(founder, "bond", { amount: 70n }));
    expect(chain.head.state.nodes.at(0).bond).to.equal(before + 70n);
    expect(chain.supply()).to.equal(supply);
  });

  it("refuses UNKNOWN_NODE for an account that is no node", () => {
    const chain = new TestChain();
    expectRefused(chain, chain.transaction(chain.client, "bond", { amount: 1n }), "UNKNOWN_NODE");
  });

  it("refuses BAD_FIELD for an amount of zero", () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    const nothing = chain.transaction(founder, "bond", { amount: 0n });
    expect(expectRefused(chain, nothing, "BAD_FIELD").field).to.equal("amount");
  });
});
