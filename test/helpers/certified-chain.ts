/** A test chain whose blocks carry real certificates: what a store keeps and sync serves. */
import { blockHash, buildBlock } from "../../chain/apply-block.ts";
import { proposerOf } from "../../chain/draw/proposer-of.ts";
import { voteSigningRoot, voteTypeIndex } from "../../chain/finality/vote.ts";
import { type Block, Certificate, type CertifiedBlock } from "../../chain/types/block.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Seat } from "../../chain/types/node.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "./chain.ts";

export class CertifiedChain {
  readonly chain: TestChain;
  /** Height 1 first. */
  readonly blocks: CertifiedBlock[] = [];

  constructor(options: { founders?: number; parameters?: Partial<Parameters> } = {}) {
    this.chain = new TestChain(options);
  }

  /** Builds, certifies and takes the next block. */
  advance(transactions: readonly SignedTransaction[] = []): CertifiedBlock {
    const { chain } = this;
    const { state } = chain.head;
    const seats = state.seats;
    const block = this.build(transactions);
    const certified = { block, certificate: this.certify(block, seats) };
    chain.take(block);
    this.blocks.push(certified);
    return certified;
  }

  advanceTo(height: number): this {
    while (this.chain.height < height) this.advance();
    return this;
  }

  /** A transfer from the client to the first founder. */
  transfer(amount: bigint): SignedTransaction {
    const { chain } = this;
    const to = chain.founders[0]?.address ?? new Uint8Array(20);
    return chain.transaction(chain.client, "transfer", { to, amount });
  }

  certify(block: Block, seats: readonly Seat[]): Certificate {
    const { height, round } = block.header;
    const hash = blockHash(block.header);
    const type = voteTypeIndex("precommit");
    const message = voteSigningRoot(this.chain.genesisRoot, {
      height,
      round,
      type,
      blockHash: hash,
    });
    const signatures = seats.map(({ publicKey }, seat) => ({
      seat,
      signature: this.chain.personOf(publicKey).keys.sign(message),
    }));
    return { height, round, blockHash: hash, signatures };
  }

  /** The next block, not yet taken. */
  build(transactions: readonly SignedTransaction[]): Block {
    const { chain } = this;
    const { state } = chain.head;
    const proposer = chain.personOf(proposerOf(state, chain.height + 1, 0));
    const index = state.nodeIndex(proposer.keys.publicKey) ?? -1;
    const reveal = proposer.onion[state.nodes.at(index).onionLeft - 1];
    if (reveal === undefined) throw new Error("the onion of a founder is used up");
    const input = {
      round: 0,
      time: state.meta.time + 500n,
      proposer: proposer.keys.publicKey,
      onionReveal: reveal,
      parentCertificate: this.blocks.at(-1)?.certificate ?? Certificate.defaultValue(),
      transactions,
      evidence: [],
    };
    return buildBlock(chain.head, input, 1_000_000).block;
  }
}
