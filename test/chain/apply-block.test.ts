import { expect } from "chai";
import { applyBlock } from "../../chain/apply-block.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { Block, type Header, Transactions } from "../../chain/types/block.ts";
import { Evidence } from "../../chain/types/evidence.ts";
import { person, TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

const changed = (block: Block, header: Partial<Header>): Block => ({
  ...block,
  header: { ...block.header, ...header },
});

describe("applyBlock", () => {
  const transferTo = person("receiver").address;

  it("accepts what buildBlock builds, and both reach the same state root", () => {
    const chain = new TestChain();
    const tx = chain.transaction(chain.client, "transfer", { to: transferTo, amount: 5_000_000n });
    const block = chain.advance(tx);
    expect(toHex(chain.head.state.root())).to.equal(toHex(block.header.stateRoot));
    expect(chain.head.state.account(transferTo).balance).to.equal(5_000_000n);
  });

  it("round-trips a block through its encoding", () => {
    const chain = new TestChain();
    const tx = chain.transaction(chain.client, "transfer", { to: transferTo, amount: 1n });
    const block = chain.advance(tx);
    const bytes = Block.serialize(block);
    expect(toHex(Block.serialize(Block.deserialize(bytes)))).to.equal(toHex(bytes));
  });

  it("leads every replay of the same blocks to the same root", () => {
    const chain = new TestChain();
    for (let i = 0; i < 40; i++) {
      chain.advance(
        chain.transaction(chain.client, "transfer", {
          to: person(`p${i % 7}`).address,
          amount: 10n,
        }),
      );
    }
    const replay = new TestChain();
    for (const block of chain.blocks) replay.take(block);
    expect(toHex(replay.head.state.root())).to.equal(toHex(chain.head.state.root()));
  });

  it("conserves the supply over transfers, bonds and fees", () => {
    const chain = new TestChain();
    const before = chain.supply();
    for (let i = 0; i < 20; i++) {
      const founder = chain.founders[i % 4];
      if (founder === undefined) throw new Error("no founder");
      chain.advance(
        chain.transaction(chain.client, "transfer", { to: founder.address, amount: 123_456n }),
        chain.transaction(founder, "bond", { amount: 1_000n }),
      );
    }
    expect(chain.supply()).to.equal(before);
  });

  it("refuses WRONG_VERSION", () => {
    const chain = new TestChain();
    expectCode(
      () => applyBlock(chain.head, changed(chain.build(), { version: 2 })),
      "WRONG_VERSION",
    );
  });

  it("refuses UNKNOWN_VERSION when the chain went on to rules it does not have", () => {
    const chain = new TestChain({ parameters: { protocolVersion: 2 } });
    expectCode(() => chain.build(), "UNKNOWN_VERSION");
  });

  it("refuses WRONG_HEIGHT", () => {
    const chain = new TestChain();
    expectCode(() => applyBlock(chain.head, changed(chain.build(), { height: 2 })), "WRONG_HEIGHT");
  });

  it("refuses UNKNOWN_PARENT", () => {
    const chain = new TestChain();
    const block = changed(chain.build(), { parent: new Uint8Array(32).fill(1) });
    expectCode(() => applyBlock(chain.head, block), "UNKNOWN_PARENT");
  });

  it("refuses TIME_NOT_AFTER_PARENT", () => {
    const chain = new TestChain();
    const block = changed(chain.build(), { time: chain.genesis.time });
    expectCode(() => applyBlock(chain.head, block), "TIME_NOT_AFTER_PARENT");
  });

  it("refuses NOT_THE_PROPOSER", () => {
    const chain = new TestChain();
    const block = chain.build();
    const other = chain.founders.find(
      ({ keys }) => toHex(keys.publicKey) !== toHex(block.header.proposer),
    );
    const forged = changed(block, { proposer: other?.keys.publicKey ?? new Uint8Array(32) });
    expectCode(() => applyBlock(chain.head, forged), "NOT_THE_PROPOSER");
  });

  it("refuses BAD_ONION_REVEAL", () => {
    const chain = new TestChain();
    const block = changed(chain.build(), { onionReveal: new Uint8Array(32).fill(9) });
    expectCode(() => applyBlock(chain.head, block), "BAD_ONION_REVEAL");
  });

  it("refuses BAD_PARENT_CERTIFICATE", () => {
    const chain = new TestChain();
    chain.advance();
    const block = chain.build();
    const parentCertificate = { ...block.parentCertificate, height: 7 };
    expectCode(
      () => applyBlock(chain.head, { ...block, parentCertificate }),
      "BAD_PARENT_CERTIFICATE",
    );
  });

  it("refuses ROOT_MISMATCH for every root of the header", () => {
    const chain = new TestChain();
    chain.advance();
    const block = chain.build();
    for (const field of [
      "transactionsRoot",
      "recordsRoot",
      "ratingsRoot",
      "evidenceRoot",
      "seatsRoot",
      "stateRoot",
      "parentCertificate",
    ] as const) {
      const forged = changed(block, { [field]: new Uint8Array(32).fill(3) });
      const error = expectCode(() => applyBlock(chain.head, forged), "ROOT_MISMATCH");
      expect(error.facts).to.include({ field });
    }
    expectCode(() => applyBlock(chain.head, changed(block, { totalWeight: 1n })), "ROOT_MISMATCH");
  });

  it("refuses a body whose records contradict its transactions", () => {
    const chain = new TestChain();
    const block = chain.build();
    const change = {
      node: 0,
      fault: 0,
      cause: 0,
      window: 1,
      segments: 1,
      factors: { capacity: 1n, quality: 1, reliability: 1, energy: 1, freshness: 1 },
      before: 0n,
      after: 1n,
    };
    const forged = { ...block, body: { ...block.body, ratingChanges: [change] } };
    expectCode(() => applyBlock(chain.head, forged), "ROOT_MISMATCH");
  });

  it("refuses BAD_TRANSACTION, naming its place", () => {
    const chain = new TestChain();
    const good = chain.transaction(chain.client, "transfer", { to: transferTo, amount: 1n });
    const block = chain.build([good]);
    const forged = { ...block, body: { ...block.body, transactions: [good, good] } };
    const error = expectCode(() => applyBlock(chain.head, forged), "BAD_TRANSACTION");
    expect(error.facts).to.include({ index: 1, reason: "BAD_NONCE" });
  });

  it("leaves transactions that do not apply out of a built block", () => {
    const chain = new TestChain();
    const poor = chain.transaction(person("poor"), "transfer", { to: transferTo, amount: 1n });
    expect(chain.build([poor]).body.transactions).to.have.length(0);
  });

  it("refuses BAD_PARENT_CERTIFICATE for any certificate in the first block", () => {
    const chain = new TestChain();
    const block = chain.build();
    const parentCertificate = { ...block.parentCertificate, round: 1 };
    expectCode(
      () => applyBlock(chain.head, { ...block, parentCertificate }),
      "BAD_PARENT_CERTIFICATE",
    );
  });

  it("refuses ONION_EXHAUSTED", () => {
    const chain = new TestChain();
    const block = chain.build();
    const { state } = chain.head;
    const index = state.nodeIndex(block.header.proposer) ?? -1;
    state.nodes.set(index, { ...state.nodes.at(index), onionLeft: 0 });
    expectCode(() => applyBlock(chain.head, block), "ONION_EXHAUSTED");
  });

  it("refuses BAD_EVIDENCE", () => {
    const chain = new TestChain();
    const block = chain.build();
    const body = { ...block.body, evidence: [Evidence.defaultValue()] };
    expectCode(() => applyBlock(chain.head, { ...block, body }), "BAD_EVIDENCE");
  });

  describe("at the size limit", () => {
    const limit = 32 * 1024;
    const chain = new TestChain({ parameters: { maxBlockBytes: limit } });
    const many = Array.from({ length: 260 }, (_, nonce) =>
      chain.transaction(chain.client, "transfer", { to: transferTo, amount: 1n }, { nonce }),
    );

    it("refuses BLOCK_TOO_LARGE", () => {
      const facts = expectCode(() => chain.take(chain.build(many)), "BLOCK_TOO_LARGE").facts;
      expect(facts).to.include({ limit });
    });

    it("builds blocks that fill it and are accepted", () => {
      const block = chain.build(many, 0, limit);
      const bytes = Transactions.serialize(block.body.transactions).length;
      expect(bytes).to.be.within(limit - 200, limit);
      chain.take(block);
    });
  });
});
