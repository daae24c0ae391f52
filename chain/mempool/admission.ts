/**
 * Decides which transactions may wait, by size, lifetime, nonce, fee and balance against the state of the head. Duties
 * are free for nodes, because their bond stands behind them; other senders pay to wait.
 */
import { formatAmount } from "../amount.ts";
import { applyTransaction, MAX_LIFETIME } from "../apply-transaction.ts";
import { DrawRoom } from "../job/draw-room.ts";
import type { State } from "../state/state.ts";
import { isDuty, requiredFee } from "../transactions/fee.ts";
import { ListRoom } from "../transactions/list-room.ts";
import { ruleOf } from "../transactions/rules.ts";
import type { Account } from "../types/state.ts";
import { kindOf, type SignedTransaction, type Transaction } from "../types/transaction.ts";
import type { MempoolLimits } from "./limits.ts";
import { MempoolError } from "./mempool-error.ts";

/** True for duties of nodes: they pay no fee and have places of their own (free-places.ts). */
export function isFree(state: State, transaction: Transaction): boolean {
  return isDuty(transaction) && state.nodeIndex(transaction.sender) !== undefined;
}

/** True for nodes that can be drawn for work. Other nodes have few duties, which come last (selection.ts). */
export function isRated(state: State, { sender }: Transaction): boolean {
  const index = state.nodeIndex(sender);
  return index !== undefined && (state.drawWeights[index] ?? 0n) > 0n;
}

/** What a transaction is checked against. */
interface AdmissionContext {
  readonly state: State;
  /** Of the sender. */
  readonly account: Account;
  readonly limits: MempoolLimits;
  /** Required fees are multiplied by this while the pool is nearly full. */
  readonly feeFactor: bigint;
}

/**
 * @param bytes size of the transaction on the wire
 * @throws MempoolError
 */
export function checkAdmission(
  { state, account, limits, feeFactor }: AdmissionContext,
  transaction: Transaction,
  bytes: number,
): void {
  if (bytes > limits.transactionBytes) {
    throw new MempoolError(`${bytes} bytes, the limit is ${limits.transactionBytes}`, {
      code: "TRANSACTION_TOO_LARGE",
      bytes,
      limit: limits.transactionBytes,
    });
  }
  checkLifetime(state, transaction);
  checkNonce(account.nonce, transaction.nonce);
  checkFee(state, transaction, feeFactor);
  checkBalance(account, transaction);
}

/** @throws MempoolError NONCE_TOO_LOW */
export function checkNonce(expected: number, actual: number): void {
  if (actual >= expected) return;
  throw new MempoolError(`nonce ${actual} is used, the next is ${expected}`, {
    code: "NONCE_TOO_LOW",
    expected,
    actual,
  });
}

function checkLifetime({ height }: State, { validUntil }: Transaction): void {
  if (validUntil <= height) {
    throw new MempoolError(`valid until height ${validUntil}, the chain is at ${height}`, {
      code: "EXPIRED",
      validUntil,
      height,
    });
  }
  if (validUntil > height + 1 + MAX_LIFETIME) {
    throw new MempoolError(
      `valid until height ${validUntil}, at most ${height + 1 + MAX_LIFETIME} is taken`,
      { code: "EXPIRED", validUntil, height },
      `sign it again with a lifetime of at most ${MAX_LIFETIME} heights`,
    );
  }
}

/** @param factor multiplies the fee while the pool is nearly full */
export function askedFee(state: State, transaction: Transaction, factor: bigint): bigint {
  if (isFree(state, transaction)) return 0n;
  const { parameters } = state;
  const byRule = requiredFee(transaction, parameters);
  return factor * (byRule > parameters.feeFloor ? byRule : parameters.feeFloor);
}

function checkFee(state: State, transaction: Transaction, factor: bigint): void {
  const required = askedFee(state, transaction, factor);
  if (transaction.fee < required) {
    throw new MempoolError(
      `fee of ${formatAmount(transaction.fee)} POML is below the required ${formatAmount(required)}`,
      { code: "FEE_TOO_LOW", required, offered: transaction.fee },
      `offer a fee of at least ${formatAmount(required)} POML`,
    );
  }
}

/** Every transaction must be payable now on its own: places here are not for empty accounts. */
function checkBalance({ balance }: Account, transaction: Transaction): void {
  const rule = ruleOf(kindOf(transaction));
  const needed = transaction.fee + (rule.spends?.(transaction.payload.value) ?? 0n);
  if (balance < needed) {
    throw new MempoolError(
      `balance of ${formatAmount(balance)} POML is below the needed ${formatAmount(needed)}`,
      { code: "INSUFFICIENT_BALANCE", balance, needed },
      "fund the account, or ask for less",
    );
  }
}

/** @throws MempoolError REPLACEMENT_TOO_CHEAP unless `next` offers a tenth more */
export function checkReplacement(old: SignedTransaction, next: SignedTransaction): void {
  const required = old.transaction.fee + old.transaction.fee / 10n + 1n;
  if (next.transaction.fee < required) {
    throw new MempoolError(
      `replacing needs a fee of ${formatAmount(required)} POML, offered ${formatAmount(next.transaction.fee)}`,
      { code: "REPLACEMENT_TOO_CHEAP", required, offered: next.transaction.fee },
      "raise the fee by a tenth",
    );
  }
}

/**
 * For a transaction with the next nonce of its sender. If the payload alone decides, this checks payload, fee and
 * balance; any other transaction is tried on the state and undone.
 * @throws TransactionError, MempoolError when it would not apply to the next block
 */
export function checkNext(state: State, account: Account, signed: SignedTransaction): void {
  const { transaction } = signed;
  const rule = ruleOf(kindOf(transaction));
  if (rule.check !== undefined) {
    checkFee(state, transaction, 1n);
    checkBalance(account, transaction);
    rule.check(transaction.payload.value);
    return;
  }
  dryRun(state, signed);
}

/** @throws TransactionError when the transaction would not apply to the next block */
export function dryRun(state: State, signed: SignedTransaction): void {
  dryRunAll(state, [signed]);
}

/** @throws TransactionError when one of them would not apply to the next block after those before it */
export function dryRunAll(state: State, all: readonly SignedTransaction[]): void {
  state.rehearse(() => {
    state.meta = { ...state.meta, height: state.height + 1 };
    const draws = DrawRoom.endless();
    const lists = ListRoom.endless();
    for (const signed of all) {
      applyTransaction(state, signed, {
        proposer: NOBODY,
        records: [],
        ratingChanges: [],
        draws,
        lists,
      });
    }
  });
}

const NOBODY = new Uint8Array(20);
