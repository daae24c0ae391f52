/**
 * Signs and sends this node's own transactions, one after another so that nonces follow each other.
 * One that was dropped because an earlier one never applied is signed again with the right nonce;
 * what is not final when the node stops is handed in again when it starts.
 */
import { addressOf } from "../../chain/crypto/address.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { Payload, SignedTransaction } from "../../chain/types/transaction.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { DEFAULT_LIFETIME, feeFor, signTransaction } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import type { OwnTransactions } from "./own-transactions.ts";
import type { TransactionService } from "./transaction-service.ts";

export interface DutySenderModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly transactions: TransactionService;
  readonly own: OwnTransactions;
  readonly log: NodeLog;
}

export class DutySender {
  readonly #keys: KeyPair;
  readonly #address: Uint8Array;
  readonly #modules: DutySenderModules;
  readonly #queue = new SerialQueue();
  /** Not final yet. */
  #pending: SignedTransaction[] = [];

  constructor({ keys }: { keys: KeyPair }, modules: DutySenderModules) {
    this.#keys = keys;
    this.#address = addressOf(keys.publicKey);
    this.#modules = modules;
    modules.chain.onBlock(() => {
      if (this.#pending.length > 0) void this.#queue.run(() => this.#recheck());
    });
  }

  /** Hands in again what was not final when the node last stopped. */
  resume(): Promise<void> {
    return this.#queue.run(async () => {
      const { own, chain, transactions, log } = this.#modules;
      const { nonce } = chain.state.account(this.#address);
      for (const signed of await own.load()) {
        const { transaction } = signed;
        if (transaction.nonce < nonce || transaction.validUntil <= chain.height) continue;
        try {
          await transactions.submit(signed);
          this.#pending.push(signed);
        } catch (error) {
          if (!(error instanceof PomlError)) throw error;
          log.debug("a transaction from before the restart is of no use", { code: error.code });
        }
      }
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

  /** Waits for what is being sent. */
  async idle(): Promise<void> {
    await this.#queue.idle();
  }

  async #submit(payload: Payload, validUntil: number): Promise<Uint8Array> {
    const { chain, mempool, transactions, own } = this.#modules;
    const { state, genesisRoot } = chain;
    const nonce = mempool.nextNonce(state, this.#address);
    const fee = feeFor(payload, state.parameters);
    const draft = { nonce, fee, validUntil, payload };
    const signed = signTransaction(this.#keys, genesisRoot, draft);
    await own.save([...this.#pending, signed]);
    const id = await transactions.submit(signed);
    this.#pending.push(signed);
    return id;
  }

  async #recheck(): Promise<void> {
    const { chain, mempool, own, log } = this.#modules;
    const { nonce } = chain.state.account(this.#address);
    const open = this.#pending.filter(
      ({ transaction }) => transaction.nonce >= nonce && transaction.validUntil > chain.height,
    );
    const isWaiting = ({ transaction }: SignedTransaction): boolean =>
      mempool.has(transactionId(transaction));
    const lost = open.filter((signed) => !isWaiting(signed));
    const isChanged = open.length < this.#pending.length;
    this.#pending = open.filter(isWaiting);
    if (lost.length === 0) {
      if (isChanged) await own.save(this.#pending);
      return;
    }
    const stranded = this.#pending;
    this.#pending = [];
    for (const { transaction } of stranded) mempool.remove(transactionId(transaction));
    for (const { transaction } of [...lost, ...stranded]) {
      try {
        await this.#submit(transaction.payload, transaction.validUntil);
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
        log.debug("a transaction of ours is of no use any more", { code: error.code });
      }
    }
    await own.save(this.#pending);
  }
}
