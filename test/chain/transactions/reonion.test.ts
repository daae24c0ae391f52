import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { makeOnion } from "../../../chain/crypto/onion.ts";
import { MIN_ONION_LENGTH } from "../../../chain/transactions/register.ts";
import { REONION_BELOW } from "../../../chain/transactions/reonion.ts";
import { type Person, person, TestChain } from "../../helpers/chain.ts";
import { expectRefused } from "../../helpers/expect-transaction.ts";
import { registration } from "../../helpers/window-run.ts";

describe("reonion", () => {
  const links = makeOnion(new Uint8Array(32).fill(1), 100);
  const top = links[100] as Uint8Array;
  const announce = (chain: TestChain, someone: Person, onionLength = 100) =>
    chain.transaction(someone, "reonion", { onion: top, onionLength }, { fee: 0n });

  it("takes over two epochs later, and the node proposes with the new onion", () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    chain.advance(announce(chain, founder));
    chain.advanceTo(30);
    expect(chain.head.state.nodes.at(0)).to.include({ nextOnionLeft: 100, nextOnionEpoch: 2 });
    chain.advance();
    const node = chain.head.state.nodes.at(0);
    expect(toHex(node.onion)).to.equal(toHex(top));
    expect(node).to.include({ onionLeft: 100, nextOnionLeft: 0, nextOnionEpoch: 0 });
    chain.know({ ...founder, onion: links });
    const { proposed } = node;
    while (chain.head.state.nodes.at(0).proposed === proposed) chain.advance();
    expect(chain.head.state.nodes.at(0).onionLeft).to.equal(99);
  });

  it("refuses UNKNOWN_NODE, and BAD_FIELD for an onion too short", () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    expectRefused(chain, announce(chain, chain.client), "UNKNOWN_NODE");
    expectRefused(chain, announce(chain, founder, MIN_ONION_LENGTH - 1), "BAD_FIELD");
  });

  it("refuses NOT_ASSIGNED while enough reveals are left", () => {
    const chain = new TestChain();
    const onionLength = REONION_BELOW + 1;
    const order = { ...registration(person("client")), onionLength };
    chain.advance(chain.transaction(chain.client, "register", order));
    const facts = expectRefused(chain, announce(chain, chain.client), "NOT_ASSIGNED");
    expect(facts.duty).to.equal("reonion");
  });

  it("refuses ALREADY_DONE while one is announced", () => {
    const chain = new TestChain();
    const [founder = chain.client] = chain.founders;
    chain.advance(announce(chain, founder));
    expectRefused(chain, announce(chain, founder), "ALREADY_DONE");
  });
});
