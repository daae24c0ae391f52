/** A chain on disk to import into, of a factory's genesis, with a mempool beside it. */
import { Mempool } from "../../../chain/mempool/pool.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { verifyTransactionSync } from "../../../chain/verify-signatures.ts";
import { Chain } from "../../../node/chain/chain.ts";
import { openStore } from "../../../node/store/open.ts";
import type { BlockFactory } from "./block-factory.ts";

export class ImportTarget {
  readonly chain: Chain;
  readonly #mempool: Mempool;

  private constructor(chain: Chain, mempool: Mempool) {
    this.chain = chain;
    this.#mempool = mempool;
    chain.onBlock(({ block }) => mempool.afterBlock(chain.state, block.body.transactions));
  }

  /** @param directory without a chain so far */
  static async open(factory: BlockFactory, directory: string): Promise<ImportTarget> {
    const { store, head } = await openStore(directory, factory.freshHead());
    const mempool = new Mempool();
    const tip = { header: undefined, certificate: undefined, seats: head.state.seats };
    const chain = new Chain(
      { genesisRoot: factory.genesisRoot, head, tip },
      { store, verified: new WeakSet(), known: (signed) => mempool.known(signed) },
    );
    return new ImportTarget(chain, mempool);
  }

  /** As if it had come by gossip: verified, and waiting for its block. */
  hear(signed: SignedTransaction): void {
    const { chain } = this;
    verifyTransactionSync(chain.state, chain.genesisRoot, signed, chain.verified);
    this.#mempool.add(chain.state, signed);
  }

  close(): Promise<void> {
    return this.chain.store.close();
  }
}
