import { expect } from "chai";
import { person, TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";

describe("transfer", () => {
  const { address: to } = person("receiver");

  it("moves an amount, to oneself as well", () => {
    const chain = new TestChain();
    const supply = chain.supply();
    const before = chain.head.state.account(chain.client.address).balance;
    chain.advance(chain.transaction(chain.client, "transfer", { to, amount: 100n }));
    const self = { to: chain.client.address, amount: 100n };
    chain.advance(chain.transaction(chain.client, "transfer", self));
    const { balance } = chain.head.state.account(chain.client.address);
    expect(before - balance).to.equal(100n + 2n * 1_000_000n);
    expect(chain.head.state.account(to).balance).to.equal(100n);
    expect(chain.supply()).to.equal(supply);
  });

  it("refuses BAD_FIELD for an amount of zero", () => {
    const chain = new TestChain();
    const nothing = chain.transaction(chain.client, "transfer", { to, amount: 0n });
    expect(expectRefused(chain, nothing, "BAD_FIELD").field).to.equal("amount");
  });
});
