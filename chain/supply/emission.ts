/**
 * New money, at most `emissionLimit` in total: a reward for each block, and a pot for work that other nodes replayed
 * bit by bit. A client pays for its training, which gets no new money; otherwise anybody could create money by ordering
 * work from themselves.
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
 * Pays the proposer of a block the reward minus what it owes for skipped turns; this part is never created.
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

/**
 * One window pays from the pot the amount that flows into it on average between two windows, or less if the pot holds
 * less.
 */
export function workPay({ meta, parameters }: Pick<State, "meta" | "parameters">): bigint {
  const most = (parameters.workReward * meanSpacing(parameters)) / BigInt(parameters.epochBlocks);
  return meta.workPot < most ? meta.workPot : most;
}

/**
 * Divides the pay of a window. The rest of the pot, rounding dust, and what nobody earned stay in the pot. The pay is
 * the same after a long wait as after a short one; otherwise it would be worth renting a machine when there has been no
 * window for long.
 * @param total the sum of which the shares are parts
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
