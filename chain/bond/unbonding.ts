/**
 * Bonded money that is being paid back to its owner. It stays punishable until both a number of heights and a time have
 * passed.
 */
import { addressOf } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import { without } from "../state/unordered-list.ts";
import type { Unbonding } from "../types/state.ts";

export function startUnbonding(state: State, node: number, amount: bigint): void {
  state.unbondings = [...state.unbondings, { node, amount, ...freeAfterNow(state) }];
}

/**
 * Starts the unbonding time of these pieces again; it is longer than the time in which today's fault can be punished.
 */
export function holdUnbondings(state: State, node: number): void {
  if (!state.unbondings.some((entry) => entry.node === node)) return;
  const free = freeAfterNow(state);
  state.unbondings = state.unbondings.map((entry) =>
    entry.node === node ? { ...entry, ...free } : entry,
  );
}

function freeAfterNow({ height, parameters, meta }: State): {
  readonly freeAtHeight: number;
  readonly freeAtTime: bigint;
} {
  const { unbondingBlocks, unbondingSeconds } = parameters;
  return {
    freeAtHeight: height + unbondingBlocks,
    freeAtTime: meta.time + BigInt(unbondingSeconds) * 1000n,
  };
}

/**
 * For each list, the height below which none of its money is free. A list is never changed, and most blocks keep the
 * same list.
 */
const earliest = new WeakMap<readonly Unbonding[], number>();

function earliestOf(unbondings: readonly Unbonding[]): number {
  const known = earliest.get(unbondings);
  if (known !== undefined) return known;
  let height = Number.POSITIVE_INFINITY;
  for (const { freeAtHeight } of unbondings) if (freeAtHeight < height) height = freeAtHeight;
  earliest.set(unbondings, height);
  return height;
}

/** Runs at the end of every block. */
export function freeUnbondings(state: State): void {
  if (state.height < earliestOf(state.unbondings)) return;
  const isFree = (entry: Unbonding): boolean =>
    state.height >= entry.freeAtHeight && state.meta.time >= entry.freeAtTime;
  for (const { node, amount } of state.unbondings.filter(isFree)) {
    state.credit(addressOf(state.nodes.at(node).publicKey), amount);
  }
  state.unbondings = without(state.unbondings, isFree);
}
