/**
 * The largest share of all votes that a node had within the punishable past. Its faults are measured by this share. Its
 * votes on the day of the proof would say nothing, because it may have left by then. Two numbers are enough: the
 * maximum since `voteShareSince`, and the maximum of the period before that. A period ends when its beginning can no
 * longer be punished, so the two together cover the punishable past, and at most twice its length.
 */
import { isExpired } from "../evidence/age.ts";
import { MILLION } from "../millionths.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord } from "../types/node.ts";
import { totalWeight } from "../weight/weight.ts";

type VoteShare = Pick<NodeRecord, "voteShare" | "voteShareBefore" | "voteShareSince">;

export const NO_VOTE_SHARE: VoteShare = { voteShare: 0, voteShareBefore: 0, voteShareSince: 0 };

/** Millionths of all votes. */
export function greatestVoteShare({ voteShare, voteShareBefore }: VoteShare): number {
  return voteShare > voteShareBefore ? voteShare : voteShareBefore;
}

/** Runs when seats come into force. */
export function noteVoteShares(state: State): void {
  const total = totalWeight(state.seats);
  const weights = new Map(state.seats.map(({ node, weight }) => [node, weight]));
  for (const [index, node] of state.nodes.entries()) {
    const weight = weights.get(index) ?? 0n;
    if (weight === 0n && greatestVoteShare(node) === 0) continue;
    // Rounded up, so that nodes that together have more than a third never count as less.
    const share = Number((weight * MILLION + total - 1n) / total);
    const after = withVoteShare(state, node, share);
    if (after !== undefined) state.nodes.set(index, { ...node, ...after });
  }
}

/** undefined = the record stays unchanged. */
function withVoteShare(state: State, node: VoteShare, share: number): VoteShare | undefined {
  const { voteShare, voteShareSince } = node;
  if (greatestVoteShare(node) > 0 && isExpired(state, voteShareSince)) {
    if (voteShare === 0 && share === 0) return NO_VOTE_SHARE;
    return { voteShare: share, voteShareBefore: voteShare, voteShareSince: state.height };
  }
  if (share <= voteShare) return undefined;
  const isFirst = greatestVoteShare(node) === 0;
  return { ...node, voteShare: share, voteShareSince: isFirst ? state.height : voteShareSince };
}
