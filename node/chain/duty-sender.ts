/** Signs and sends this node's own transactions, one after another so that nonces follow each other. */
import { addressOf } from "../../chain/crypto/address.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import type { Payload } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import { DEFAULT_LIFETIME, feeFor, signTransaction } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import type { TransactionService } from "./transaction-service.ts";

export interface DutySenderModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly transactions: TransactionService;
}

export class DutySender {
  readonly #keys: KeyPair;
  readonly #modules: DutySenderModules;
  readonly #queue = new SerialQueue();

  constructor({ keys }: { keys: KeyPair }, modules: DutySenderModules) {
    this.#keys = keys;
    this.#modules = modules;
  }

  /**
   * @param lifetime heights after which the transaction is worthless
   * @returns the transaction's id
   * @throws MempoolError
   */
  send(payload: Payload, lifetime: number = DEFAULT_LIFETIME): Promise<Uint8Array> {
    return this.#queue.run(async () => {
      const { chain, mempool, transactions } = this.#modules;
      const { state, genesisRoot } = chain;
      const signed = signTransaction(this.#keys, genesisRoot, {
        nonce: mempool.nextNonce(state, addressOf(this.#keys.publicKey)),
        fee: feeFor(payload, state.parameters),
        validUntil: state.height + lifetime,
        payload,
      });
      return transactions.submit(signed);
    });
  }
}
