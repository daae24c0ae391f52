/**
 * The outcome of a round, as a member of the team merges it. Equal inputs give equal outcomes, for every kind of work.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import {
  type Contribution,
  type Participant,
  type RefusedUpdate,
  type RoundGain,
  RoundGain as RoundGainType,
  UPDATE_CHECKS,
  type UpdateCheck,
} from "../../chain/types/job.ts";

export interface RoundResult {
  readonly contributions: readonly Contribution[];
  readonly gain: RoundGain;
}

/** Either the round's record, or why there can be none: without the updates in `refused` there is no quorum. */
export type RoundOutcome =
  | { readonly kind: "merged"; readonly result: RoundResult }
  | { readonly kind: "refused"; readonly refused: readonly RefusedUpdate[] };

/** True when two members computed the same round. */
export function sameGain(a: RoundGain, b: RoundGain): boolean {
  return equalBytes(RoundGainType.hashTreeRoot(a), RoundGainType.hashTreeRoot(b));
}

export function contributionOf({
  node,
  updateHash,
  units,
  workMs,
  updateBytes,
}: Participant): Contribution {
  return { node, updateHash, units, workMs, updateBytes };
}

export function refusalOf({ node, updateHash }: Participant, check: UpdateCheck): RefusedUpdate {
  return { node, updateHash, check: UPDATE_CHECKS.indexOf(check) };
}
