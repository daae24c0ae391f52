/**
 * Signs this node's own transactions and submits them. Each is on the durable list of pending transactions before it is
 * sent. One call must end before the next begins, so that no nonce is used twice.
 */
import { addressOf } from "../../chain/crypto/address.ts";
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { Payload, SignedTransaction, Transaction } from "../../chain/types/transaction.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { feeFor, signTransaction } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import type { KeyGuard } from "./key-guard.ts";
import type { OwnTransactions } from "./own-transactions.ts";
import { factsOf } from "./own-wish.ts";
import type { Pending, PendingTransactions } from "./pending-transactions.ts";
import type { TransactionService } from "./transaction-service.ts";

export interface OwnSignerModules {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot">;
  readonly mempool: Pick<Mempool, "at" | "remove">;
  readonly transactions: Pick<TransactionService, "submit">;
  readonly own: Pick<OwnTransactions, "replace">;
  readonly pending: PendingTransactions;
  readonly log: Pick<NodeLog, "debug">;
  readonly keyWatch?: KeyGuard | undefined;
}

type Changes = Partial<Pick<Transaction, "nonce" | "fee" | "payload" | "validUntil">>;

export class OwnSigner {
  readonly address: Uint8Array;
  readonly #keys: KeyPair;
  readonly #modules: OwnSignerModules;

  constructor(keys: KeyPair, modules: OwnSignerModules) {
    this.#keys = keys;
    this.address = addressOf(keys.publicKey);
    this.#modules = modules;
  }

  /** The first nonce of this node's account that no waiting transaction uses. */
  nextNonce(): number {
    const { chain, mempool, pending } = this.#modules;
    let { nonce } = chain.state.account(this.address);
    const isTaken = (at: number): boolean =>
      pending.at(at) !== undefined || mempool.at(this.address, at) !== undefined;
    while (isTaken(nonce)) nonce++;
    return nonce;
  }

  /**
   * Signs a new transaction and submits it.
   * @returns the transaction's id
   * @throws MempoolError, TransactionError; then it is not pending
   */
  async submit(draft: {
    readonly nonce: number;
    readonly payload: Payload;
    readonly validUntil: number;
  }): Promise<Uint8Array> {
    const { chain, transactions, pending } = this.#modules;
    const fee = feeFor(draft.payload, chain.state.parameters);
    const signed = this.#sign({ ...draft, fee });
    const before = pending.all;
    await pending.keep([...before, { signed, since: chain.height }]);
    try {
      return await transactions.submit(signed);
    } catch (error) {
      await pending.keep(before);
      throw error;
    }
  }

  /**
   * Signs the same transaction again with other values.
   * @throws MempoolError, TransactionError; then the old one goes on waiting, unless it moved
   */
  async signAgain(entry: Pending, changes: Changes): Promise<Uint8Array> {
    const { mempool, transactions, own, pending } = this.#modules;
    const { transaction } = entry.signed;
    const signed = this.#sign({ ...transaction, ...changes });
    const others = pending.all.filter((one) => one !== entry);
    const isMoved = signed.transaction.nonce !== transaction.nonce;
    const old = transactionId(transaction);
    own.replace(old, transactionId(signed.transaction));
    await pending.keep([...others, { ...entry, signed }]);
    if (isMoved) mempool.remove(old);
    try {
      return await transactions.submit(signed);
    } catch (error) {
      if (!isMoved) await pending.keep([...others, entry]);
      throw error;
    }
  }

  /** As `signAgain`; what the mempool or the chain refuses is logged. */
  async tryAgain(entry: Pending, changes: Changes): Promise<void> {
    try {
      await this.signAgain(entry, changes);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#modules.log.debug("an own transaction could not be signed again", {
        ...factsOf(entry),
        code: error.code,
      });
    }
  }

  #sign(draft: Parameters<typeof signTransaction>[2]): SignedTransaction {
    const { chain, keyWatch } = this.#modules;
    const signed = signTransaction(this.#keys, chain.genesisRoot, draft);
    keyWatch?.said(signed.transaction);
    return signed;
  }
}
