/**
 * Closes gaps in the nonces of this node's pending transactions: everything above an unused nonce would wait for ever.
 * Which transaction gets which nonce is decided by nonce-plan.ts.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { DEFAULT_LIFETIME, feeFor } from "../wallet/sign.ts";
import type { Chain } from "./chain.ts";
import { planNonces } from "./nonce-plan.ts";
import type { OwnSigner } from "./own-signer.ts";
import { factsOf, isMovable, nonceOf, replacingFee } from "./own-wish.ts";
import type { Pending, PendingTransactions } from "./pending-transactions.ts";
import { stillApplies } from "./still-applies.ts";

export interface NonceGapsModules {
  readonly chain: Pick<Chain, "state" | "height">;
  readonly mempool: Pick<Mempool, "at" | "remove">;
  readonly pending: PendingTransactions;
  readonly signer: Pick<OwnSigner, "address" | "submit" | "tryAgain">;
  readonly log: NodeLog;
}

const FILLER_AMOUNT = 1n;

export class NonceGaps {
  readonly #modules: NonceGapsModules;

  constructor(modules: NonceGapsModules) {
    this.#modules = modules;
  }

  /**
   * Gives every transaction its nonce, so that no nonce is left unused below another one. A useless duty keeps its
   * nonce, under which peers may hold it, only while none of our transactions waits behind it.
   */
  async close(): Promise<void> {
    const { chain, mempool, pending, signer } = this.#modules;
    const { nonce: next } = chain.state.account(signer.address);
    const useless = pending.all.filter(
      ({ signed }) => isDuty(signed.transaction) && !stillApplies(chain.state, signed, next),
    );
    const entries = pending.all
      .filter((one) => !useless.includes(one))
      .map((one) => {
        const { transaction } = one.signed;
        return { pending: one, nonce: transaction.nonce, isMovable: isMovable(transaction) };
      });
    for (const overtaken of useless.filter((one) => nonceOf(one) < next)) {
      await this.#giveUp(overtaken);
    }
    const ours = new Set(pending.all.map(({ signed }) => toHex(transactionId(signed.transaction))));
    const plan = planNonces(next, entries, (nonce) => {
      const waiting = mempool.at(signer.address, nonce);
      return waiting !== undefined && !ours.has(toHex(transactionId(waiting.transaction)));
    });
    for (const { entry, nonce } of plan.assigned) {
      if (entry.nonce === nonce) continue;
      const fee = this.#feeAt(nonce, entry.pending.signed.transaction.fee);
      await this.#giveUp(useless.find((one) => nonceOf(one) === nonce));
      await signer.tryAgain(entry.pending, { nonce, fee });
    }
    for (const nonce of plan.gaps) {
      await this.#giveUp(useless.find((one) => nonceOf(one) === nonce));
      await this.#fill(nonce);
    }
  }

  async #giveUp(useless: Pending | undefined): Promise<void> {
    if (useless === undefined) return;
    const { log, mempool, pending } = this.#modules;
    mempool.remove(transactionId(useless.signed.transaction));
    await pending.keep(pending.all.filter((one) => one !== useless));
    log.debug("an own transaction has become useless", factsOf(useless));
  }

  /** The fee that replaces what peers may hold under this nonce. */
  #feeAt(nonce: number, fee: bigint): bigint {
    const { chain, pending, signer } = this.#modules;
    const held = pending.at(nonce)?.signed.transaction.fee;
    return replacingFee(fee, held, chain.state.account(signer.address).balance);
  }

  /** For a nonce into which nothing can move: the smallest transfer that the chain accepts, to ourselves. */
  async #fill(nonce: number): Promise<void> {
    const { chain, signer, log } = this.#modules;
    const payload = payloadOf("transfer", { to: signer.address, amount: FILLER_AMOUNT });
    const validUntil = chain.height + DEFAULT_LIFETIME;
    try {
      await signer.submit({ nonce, payload, validUntil });
      log.warn("a nonce without a transaction is filled with a transfer to ourselves", {
        nonce,
        fee: String(feeFor(payload, chain.state.parameters)),
      });
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      log.warn("a nonce without a transaction cannot be filled; those above it wait", {
        nonce,
        reason: error.message,
      });
    }
  }
}
