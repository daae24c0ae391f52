/** Where all money is. Its sum changes by what is emitted and by nothing else. */
import type { State } from "../state/state.ts";

export interface Supply {
  readonly accounts: bigint;
  readonly bonds: bigint;
  readonly unbonding: bigint;
  /** In escrow of jobs not settled yet. */
  readonly escrow: bigint;
  /** Emitted, waiting for verified work. */
  readonly workPot: bigint;
  readonly burned: bigint;
  readonly emitted: bigint;
  /** All but `emitted`. */
  readonly total: bigint;
}

/** What never changes, whatever happens on a chain: all money but what was emitted. Walks as `supplyOf`. */
export function conserved(state: State): bigint {
  const { total, emitted } = supplyOf(state);
  return total - emitted;
}

/** Walks the whole state but settled jobs, whose escrow is gone: for tests and checks, not for every block. */
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
