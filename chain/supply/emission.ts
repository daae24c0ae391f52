/**
 * New money, at most `emissionLimit` of it ever: a reward for each block, and a pot for work that
 * others replayed bit by bit. Training for a client is paid by the client; it gets no new money, or
 * anyone could order work from himself to mint some.
 */
import { addressOf } from "../crypto/address.ts";
import { meanSpacing } from "../schedule/window-stages.ts";
import type { State } from "../state/state.ts";

export interface WorkShare {
  /** Node index. */
  readonly node: number;
  readonly share: bigint;
}

/**
 * Pays the proposer of a block, less what it owes for turns it let pass: that is never created.
 * @param proposer its public key
 */
export function rewardProposer(state: State, proposer: Uint8Array): void {
  const { blockReward } = state.parameters;
  const index = state.nodeIndex(proposer);
  const { owed } = index === undefined ? { owed: 0n } : state.nodes.at(index);
  const kept = owed < blockReward ? owed : blockReward;
  if (index !== undefined && kept > 0n) {
    state.nodes.set(index, { ...state.nodes.at(index), owed: owed - kept });
  }
  state.credit(addressOf(proposer), emit(state, blockReward - kept));
}

/** Runs at the end of an epoch. */
export function accrueWorkReward(state: State): void {
  const amount = emit(state, state.parameters.workReward);
  state.meta = { ...state.meta, workPot: state.meta.workPot + amount };
}

/** Of the pot one window pays what comes into it from window to window on average, if there is so much. */
export function workPay({ meta, parameters }: Pick<State, "meta" | "parameters">): bigint {
  const most = (parameters.workReward * meanSpacing(parameters)) / BigInt(parameters.epochBlocks);
  return meta.workPot < most ? meta.workPot : most;
}

/**
 * Divides what a window pays; the rest of the pot, dust, and what nobody earned wait. It is no more after a long wait
 * than after a short one: else the time to rent a machine would be when no window has come for long.
 * @param total of which the shares are parts
 */
export function payWorkReward(state: State, total: bigint, shares: readonly WorkShare[]): void {
  if (total === 0n) return;
  const { workPot } = state.meta;
  const pay = workPay(state);
  let paid = 0n;
  for (const { node, share } of shares) {
    const amount = (pay * share) / total;
    paid += amount;
    state.credit(addressOf(state.nodes.at(node).publicKey), amount);
  }
  state.meta = { ...state.meta, workPot: workPot - paid };
}

function emit(state: State, wanted: bigint): bigint {
  const { emitted, parameters } = state.meta;
  const left = parameters.emissionLimit - emitted;
  const amount = wanted < left ? wanted : left;
  state.meta = { ...state.meta, emitted: emitted + amount };
  return amount;
}
