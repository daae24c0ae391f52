/** The fee that grows with an amount, for transfers and for the work of a job. */
import { MILLION } from "./millionths.ts";
import type { Parameters } from "./types/genesis.ts";

/** The share `feeRate` of an amount, limited by floor and cap. */
export function rateFee(amount: bigint, parameters: Parameters): bigint {
  const fee = (amount * BigInt(parameters.feeRate)) / MILLION;
  if (fee < parameters.feeFloor) return parameters.feeFloor;
  return fee > parameters.feeCap ? parameters.feeCap : fee;
}
