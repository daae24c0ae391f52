/**
 * Signs and sends this node's own transactions, one after another so that nonces follow each other.
 * One that was dropped because an earlier one never applied is signed again with the right nonce.
 */
import { addressOf } from "../../chain/crypto/address.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import type { Payload } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { DEFAULT_LIFETIME, feeFor, signTransaction } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import type { TransactionService } from "./transaction-service.ts";

export interface DutySenderModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly transactions: TransactionService;
  readonly log: NodeLog;
}

interface Pending {
  readonly payload: Payload;
  readonly lastHeight: number;
  readonly nonce: number;
  readonly id: Uint8Array;
}

export class DutySender {
  readonly #keys: KeyPair;
  readonly #address: Uint8Array;
  readonly #modules: DutySenderModules;
  readonly #queue = new SerialQueue();
  #pending: Pending[] = [];

  constructor({ keys }: { keys: KeyPair }, modules: DutySenderModules) {
    this.#keys = keys;
    this.#address = addressOf(keys.publicKey);
    this.#modules = modules;
    modules.chain.onBlock(() => {
      if (this.#pending.length > 0) void this.#queue.run(() => this.#recheck());
    });
  }

  /**
   * @param lifetime heights after which the transaction is worthless
   * @returns the transaction's id
   * @throws MempoolError, TransactionError
   */
  send(payload: Payload, lifetime: number = DEFAULT_LIFETIME): Promise<Uint8Array> {
    const lastHeight = this.#modules.chain.height + lifetime;
    return this.#queue.run(() => this.#submit(payload, lastHeight));
  }

  async #submit(payload: Payload, lastHeight: number): Promise<Uint8Array> {
    const { chain, mempool, transactions } = this.#modules;
    const { state, genesisRoot } = chain;
    const nonce = mempool.nextNonce(state, this.#address);
    const fee = feeFor(payload, state.parameters);
    const signed = signTransaction(this.#keys, genesisRoot, {
      nonce,
      fee,
      validUntil: lastHeight,
      payload,
    });
    const id = await transactions.submit(signed);
    this.#pending.push({ payload, lastHeight, nonce, id });
    return id;
  }

  async #recheck(): Promise<void> {
    const { chain, mempool, log } = this.#modules;
    const { nonce } = chain.state.account(this.#address);
    const open = this.#pending.filter(
      (entry) => entry.nonce >= nonce && entry.lastHeight > chain.height,
    );
    const lost = open.filter(({ id }) => !mempool.has(id));
    this.#pending = open.filter(({ id }) => mempool.has(id));
    if (lost.length === 0) return;
    const stranded = this.#pending;
    this.#pending = [];
    for (const { id } of stranded) mempool.remove(id);
    for (const { payload, lastHeight } of [...lost, ...stranded]) {
      try {
        await this.#submit(payload, lastHeight);
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
        log.debug("a transaction of ours is of no use any more", { code: error.code });
      }
    }
  }
}
