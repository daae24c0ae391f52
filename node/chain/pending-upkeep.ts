/**
 * Looks after this node's pending transactions once a block until they are final: it offers them again, closes gaps in
 * their nonces, and signs them again with the same nonce where a higher fee is needed. It never signs a transaction with
 * another nonce while the chain could still include both.
 */
import { PomlError } from "../../chain/errors.ts";
import type { Mempool } from "../../chain/mempool/pool.ts";
import { TransactionError } from "../../chain/transaction-error.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Chain } from "./chain.ts";
import type { NonceGaps } from "./nonce-gaps.ts";
import { isOfferDue, isToldDue } from "./offer-schedule.ts";
import type { OwnSigner } from "./own-signer.ts";
import { factsOf, isMovable, raised } from "./own-wish.ts";
import type { Pending, PendingTransactions } from "./pending-transactions.ts";
import type { TransactionService } from "./transaction-service.ts";

/** final: in a block. overtaken: another transaction used its nonce. unknown: this node does not keep that block. */
export type Fate = "final" | "overtaken" | "unknown";

export interface PendingUpkeepModules {
  readonly chain: Pick<Chain, "state" | "height">;
  readonly mempool: Pick<Mempool, "has" | "askedFee">;
  readonly transactions: Pick<TransactionService, "submit" | "offerAgain">;
  readonly pending: PendingTransactions;
  readonly signer: Pick<OwnSigner, "address" | "tryAgain">;
  readonly gaps: Pick<NonceGaps, "close">;
  readonly log: NodeLog;
  /**
   * The fate of a transaction whose nonce is used.
   * @param since height at which it was submitted
   */
  fate(id: Uint8Array, since: number): Promise<Fate>;
  /** Why a transaction is not in a block yet. */
  reasonOf(pending: Pending): string;
}

export class PendingUpkeep {
  readonly #modules: PendingUpkeepModules;

  constructor(modules: PendingUpkeepModules) {
    this.#modules = modules;
  }

  /** To be called after every block, and not while anything is being sent. */
  async recheck(): Promise<void> {
    try {
      const open = await this.#stillOpen();
      const alive: Pending[] = [];
      for (const pending of open) alive.push(...(await this.#offerHere(pending)));
      await this.#modules.pending.update(alive);
      await this.#modules.gaps.close();
      await this.#raiseFees();
      this.#offerAndTell();
    } catch (error) {
      this.#modules.log.error("own transactions could not be looked after", {
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }

  /** Removes transactions that are final or useless. */
  async #stillOpen(): Promise<Pending[]> {
    const { chain, log, fate } = this.#modules;
    const { nonce: next } = chain.state.account(this.#modules.signer.address);
    const open: Pending[] = [];
    for (const pending of this.#modules.pending.all) {
      const { transaction } = pending.signed;
      const facts = factsOf(pending);
      const became =
        transaction.nonce < next ? await fate(transactionId(transaction), pending.since) : "waits";
      if (became === "final") continue;
      if (became === "unknown" && !isMovable(transaction)) {
        log.warn(
          "the nonce of an own transaction is used, by this transaction or another one: it is not sent again",
          facts,
        );
      } else if (transaction.validUntil <= chain.height) {
        log.warn("an own transaction ran out before a block took it", facts);
      } else open.push(pending);
    }
    return open;
  }

  /**
   * Puts a transaction back into this node's own mempool if it was dropped.
   * @returns the transaction; none if it has become useless
   */
  async #offerHere({ refusal: _, ...pending }: Pending): Promise<Pending[]> {
    const { chain, mempool, transactions, log } = this.#modules;
    const { transaction } = pending.signed;
    const { nonce: next } = chain.state.account(this.#modules.signer.address);
    if (transaction.nonce < next || mempool.has(transactionId(transaction))) return [pending];
    try {
      await transactions.submit(pending.signed);
      return [pending];
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      const isNext = transaction.nonce === next && error instanceof TransactionError;
      if (isNext && isMovable(transaction)) {
        log.debug("an own transaction has become useless", {
          ...factsOf(pending),
          code: error.code,
        });
        return [];
      }
      return [{ ...pending, refusal: error.message }];
    }
  }

  /** Raises fees when mempools are nearly full and require more. */
  async #raiseFees(): Promise<void> {
    const { chain, mempool, log } = this.#modules;
    for (const pending of this.#modules.pending.all) {
      const { transaction } = pending.signed;
      const asked = mempool.askedFee(chain.state, transaction);
      if (asked <= transaction.fee) continue;
      const least = raised(transaction.fee);
      const fee = asked < least ? least : asked;
      log.info("the fee of an own transaction is raised", {
        ...factsOf(pending),
        fee: String(fee),
      });
      await this.#modules.signer.tryAgain(pending, { fee });
    }
  }

  #offerAndTell(): void {
    const { chain, transactions, log } = this.#modules;
    const due = this.#modules.pending.all.filter(({ since }) => isOfferDue(chain.height - since));
    if (due.length > 0) transactions.offerAgain(due.map(({ signed }) => signed));
    for (const pending of this.#modules.pending.all) {
      const blocks = chain.height - pending.since;
      if (!isToldDue(blocks)) continue;
      log.warn("an own transaction waits", {
        ...factsOf(pending),
        blocks,
        reason: this.#modules.reasonOf(pending),
      });
    }
  }
}
