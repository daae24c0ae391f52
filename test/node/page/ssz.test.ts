/** The page's own SSZ against the chain's: what "recompute" shows must be what the rules hash. */
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { Header } from "../../../chain/types/block.ts";
import { encodeBlock } from "../../../node/api/encode/block.ts";
import { person } from "../../helpers/chain.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";

interface PageSsz {
  headerRoot(header: object): Promise<string>;
  transactionsRoot(transactions: readonly object[]): Promise<string>;
}

describe("the page's recompute", () => {
  it("gives the block hash and the transactions root of a real block", async () => {
    const module = new URL("../../../node/page/ssz.js", import.meta.url).href;
    const { headerRoot, transactionsRoot } = (await import(module)) as PageSsz;
    const node = new FixtureNode();
    const { chain } = node;
    for (const count of [0, 1, 3]) {
      for (let i = 0; i < count; i++) {
        const nonce = node.nextNonce(chain.client.address);
        const payment = { to: person(`payee ${i}`).address, amount: 7n };
        await node.submit(chain.transaction(chain.client, "transfer", payment, { nonce }));
      }
      const { header } = node.advance();
      const certified = await node.block(header.height);
      if (certified === undefined) throw new Error("no block");
      const block = await encodeBlock(node.state(), certified);
      expect(block.transactions).to.have.length(count);
      expect(await headerRoot(block.header)).to.equal(toHex(Header.hashTreeRoot(header)));
      expect(await transactionsRoot(block.transactions)).to.equal(toHex(header.transactionsRoot));
      const altered = { ...block.header, time: block.header.time + 1 };
      expect(await headerRoot(altered)).not.to.equal(block.hash);
    }
  });
});
