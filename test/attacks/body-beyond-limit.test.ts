/**
 * A block whose transactions fit the limit while what follows from them, or from its height, does not. Gain
 * sought: a proposal that is too large to travel, and a height that never ends. A window of many nodes changes
 * all their ratings in one block.
 */
import { expect } from "chai";
import { bodyBytes } from "../../chain/check-block.ts";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";
import { firstWindow } from "../helpers/window-run.ts";

const LIMIT = 32 * 1024;

/** A chain with so many nodes more, before the block in which a window nobody took part in is settled. */
function beforeSettlement(more: number): TestChain {
  const chain = new TestChain({ parameters: { maxBlockBytes: LIMIT } });
  const { nodes } = chain.head.state;
  for (let i = 0; i < more; i++) {
    nodes.push({ ...nodes.at(0), publicKey: sha256(uint32Bytes(i)), weight: 0n, bond: 0n });
  }
  chain.advanceTo(firstWindow(chain).closes);
  while (true) {
    const block = chain.build();
    if (block.body.ratingChanges.length > 0) return chain;
    chain.take(block);
  }
}

function transfers(chain: TestChain) {
  const { nonce } = chain.head.state.account(chain.client.address);
  const to = chain.founders[0]?.address ?? chain.client.address;
  return Array.from({ length: 300 }, (_, i) =>
    chain.transaction(chain.client, "transfer", { to, amount: 1n }, { nonce: nonce + i }),
  );
}

describe("attack: a body beyond the limit of a block", () => {
  it("leaves out transactions to make room for the other parts of the body", () => {
    const chain = beforeSettlement(300);
    const many = transfers(chain);
    const block = chain.build(many, 0, LIMIT);
    const changes = block.body.ratingChanges.length;
    process.stdout.write(
      `      ${changes} changes of ratings, ${block.body.transactions.length} of ${many.length} transactions, ${bodyBytes(block.body)} of ${LIMIT} bytes\n`,
    );
    expect(changes).to.be.above(300);
    expect(bodyBytes(block.body)).to.be.within(LIMIT - 400, LIMIT);
    const greedy = chain.build(many, 0, 2 * LIMIT);
    expectCode(() => chain.take(greedy), "BLOCK_TOO_LARGE");
    chain.take(block);
  });

  it("has no transactions where the other parts of the body fill the limit; the next blocks have transactions", () => {
    const chain = beforeSettlement(900);
    const many = transfers(chain);
    const block = chain.build(many, 0, LIMIT);
    expect(block.body.transactions).to.have.length(0);
    expect(bodyBytes(block.body)).to.be.above(LIMIT);
    const greedy = chain.build(many.slice(0, 1), 0, 10 * LIMIT);
    expectCode(() => chain.take(greedy), "BLOCK_TOO_LARGE");
    chain.take(block);
    const next = chain.build(many, 0, LIMIT);
    expect(next.body.transactions.length).to.be.above(200);
    chain.take(next);
  });
});
