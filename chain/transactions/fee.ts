/**
 * The fee that a transaction must offer its proposer. Duties for which the chain itself drew a node, and votes, are
 * free.
 */
import type { Parameters } from "../types/genesis.ts";
import { kindOf, type Transaction } from "../types/transaction.ts";
import { ruleOf } from "./rules.ts";

export function isDuty(transaction: Pick<Transaction, "payload">): boolean {
  return ruleOf(kindOf(transaction)).isDuty === true;
}

export function requiredFee(transaction: Transaction, parameters: Parameters): bigint {
  const rule = ruleOf(kindOf(transaction));
  if (rule.isDuty === true) return 0n;
  return rule.fee?.(transaction.payload.value, parameters) ?? parameters.feeFloor;
}
