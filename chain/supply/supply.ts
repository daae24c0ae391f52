/** Where all money is. Only emission changes its sum. */
import type { State } from "../state/state.ts";

export interface Supply {
  readonly accounts: bigint;
  readonly bonds: bigint;
  readonly unbonding: bigint;
  /** In escrow of jobs that are not settled. */
  readonly escrow: bigint;
  /** Emitted, but waiting for verified work. */
  readonly workPot: bigint;
  readonly burned: bigint;
  readonly emitted: bigint;
  /** The sum of all fields but `emitted`. */
  readonly total: bigint;
}

/** The amount that never changes on a chain: all money minus the emitted part. Reads as much as `supplyOf`. */
export function conserved(state: State): bigint {
  const { total, emitted } = supplyOf(state);
  return total - emitted;
}

/** Reads the whole state except settled jobs, whose escrow is paid out: for tests and checks, not for every block. */
export function supplyOf(state: State): Supply {
  const { burned, emitted, workPot } = state.meta;
  let [accounts, bonds, unbonding, escrow] = [0n, 0n, 0n, 0n];
  for (const [, account] of state.accounts.entries()) accounts += account.balance;
  for (const [, node] of state.nodes.entries()) bonds += node.bond;
  for (const { amount } of state.unbondings) unbonding += amount;
  for (const [, job] of state.jobs.activeEntries()) escrow += job.escrow;
  const total = accounts + bonds + unbonding + escrow + workPot + burned;
  return { accounts, bonds, unbonding, escrow, workPot, burned, emitted, total };
}
