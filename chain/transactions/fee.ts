/** What a transaction must offer its proposer. Duties the chain itself drew a node for are free. */
import type { Parameters } from "../types/genesis.ts";
import { TRANSACTION_KINDS, type Transaction, type TransactionKind } from "../types/transaction.ts";

const MILLION = 1_000_000n;

/** `feeRate` of an amount, within floor and cap. */
export function rateFee(amount: bigint, parameters: Parameters): bigint {
  const fee = (amount * BigInt(parameters.feeRate)) / MILLION;
  if (fee < parameters.feeFloor) return parameters.feeFloor;
  return fee > parameters.feeCap ? parameters.feeCap : fee;
}

const DUTIES: ReadonlySet<TransactionKind> = new Set([
  "reonion",
  "window-commit",
  "window-verdict",
  "job-commit",
  "job-round",
  "job-settle",
  "job-audit",
  "job-audit-open",
  "track-commit",
  "track-result",
  "track-verdict",
  "track-show",
  "job-refuse",
  "job-diverged",
  "job-object",
]);

export function kindOf(transaction: Pick<Transaction, "payload">): TransactionKind {
  const kind = TRANSACTION_KINDS[transaction.payload.selector];
  if (kind === undefined) throw new RangeError(`no kind ${transaction.payload.selector}`);
  return kind;
}

export function isDuty(transaction: Pick<Transaction, "payload">): boolean {
  return DUTIES.has(kindOf(transaction));
}

export function requiredFee(transaction: Transaction, parameters: Parameters): bigint {
  const kind = kindOf(transaction);
  if (DUTIES.has(kind)) return 0n;
  if (kind === "transfer") {
    const { amount } = transaction.payload.value as { amount: bigint };
    return rateFee(amount, parameters);
  }
  return parameters.feeFloor;
}
