/**
 * The checks common to all transactions: nonce, lifetime, fee and balance. Signatures are verified before, for a whole
 * block at once (verify-signatures.ts).
 */
import { formatAmount } from "./amount.ts";
import { addressOf } from "./crypto/address.ts";
import type { DrawRoom } from "./job/draw-room.ts";
import type { State } from "./state/state.ts";
import { refuse } from "./transaction-error.ts";
import { transactionId } from "./transaction-id.ts";
import { requiredFee } from "./transactions/fee.ts";
import type { ListRoom } from "./transactions/list-room.ts";
import { ruleOf } from "./transactions/rules.ts";
import type { JobRecord } from "./types/job.ts";
import type { RatingChange } from "./types/node.ts";
import { kindOf, type SignedTransaction } from "./types/transaction.ts";

/** The longest lifetime that a transaction may ask for, in heights. */
export const MAX_LIFETIME = 100_000;

interface BlockContext {
  /** Account that earns the fees. */
  readonly proposer: Uint8Array;
  readonly records: JobRecord[];
  readonly ratingChanges: RatingChange[];
  readonly draws: DrawRoom;
  readonly lists: ListRoom;
}

/**
 * Applies a transaction to `state` in place.
 * @throws TransactionError possibly after a part of the changes: call it inside `state.attempt` or `state.rehearse`
 */
export function applyTransaction(
  state: State,
  { transaction }: SignedTransaction,
  { proposer, ...block }: BlockContext,
): void {
  const { sender, nonce, fee, validUntil, payload } = transaction;
  const address = addressOf(sender);
  const account = state.account(address);
  if (nonce !== account.nonce) {
    refuse(`nonce is ${nonce}, the account's next is ${account.nonce}`, {
      code: "BAD_NONCE",
      expected: account.nonce,
      actual: nonce,
    });
  }
  if (state.height > validUntil || validUntil > state.height + MAX_LIFETIME) {
    refuse(`valid until height ${validUntil}, the chain is at ${state.height}`, {
      code: "EXPIRED",
      validUntil,
      height: state.height,
    });
  }
  const required = requiredFee(transaction, state.parameters);
  if (fee < required) {
    refuse(
      `fee of ${formatAmount(fee)} POML is below the required ${formatAmount(required)}`,
      { code: "FEE_TOO_LOW", required, offered: fee },
      `offer a fee of at least ${formatAmount(required)} POML`,
    );
  }
  const rule = ruleOf(kindOf(transaction));
  const needed = fee + (rule.spends?.(payload.value) ?? 0n);
  if (account.balance < needed) {
    refuse(
      `balance of ${formatAmount(account.balance)} POML is below the needed ${formatAmount(needed)}`,
      { code: "INSUFFICIENT_BALANCE", balance: account.balance, needed },
      "fund the account, or ask for less",
    );
  }
  state.putAccount({ ...account, balance: account.balance - fee, nonce: nonce + 1 });
  const id = transactionId(transaction);
  rule.apply(state, payload.value, { sender, address, id, proposer, ...block });
  state.credit(proposer, fee);
}
