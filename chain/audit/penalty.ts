/** The penalties for a false update, a withheld update, a missed audit, and a wrong accusation. */

import { caught, takeForFalseWork } from "../rating/false-work.ts";
import { factorsOf, failedMore, ratingOf, SILENCE, UNIT } from "../rating/formula.ts";
import { ratingChange } from "../rating/rating-change.ts";
import { afterWithholding } from "../rating/withholding.ts";
import type { State } from "../state/state.ts";
import type { AuditFault } from "../types/job.ts";
import type { NodeRecord, RatingChange, RatingFault } from "../types/node.ts";
import { MAX_UINT32 } from "../uint-range.ts";

/** All segments of its updates are replayed, because it is new here, or was caught not long ago. */
export function isWatched(
  { auditsPassed, probation }: Pick<NodeRecord, "auditsPassed" | "probation">,
  { newcomerAudits }: State["parameters"],
): boolean {
  return auditsPassed < newcomerAudits || probation > 0;
}

/**
 * An update in which an audit found nothing wrong is verified work. It counts by the replayed operations, so that
 * rounds of one row earn no trust. All updates between two windows together count no more than one window, and an
 * update of less than a thousandth of a unit counts nothing.
 * @param operations replayed
 */
export function rewardGoodUpdate(state: State, index: number, operations: bigint): void {
  const node = state.nodes.at(index);
  const units = (BigInt(UNIT) * operations) / state.parameters.unitOperations;
  if (units === 0n) return;
  const left = Math.max(0, UNIT - node.audited);
  const earned = units < BigInt(left) ? Number(units) : left;
  const verified = Math.min(node.verified + earned, MAX_UINT32);
  const audited = node.audited + earned;
  state.nodes.set(index, { ...node, verified, audited, auditsPassed: node.auditsPassed + 1 });
}

/**
 * A false update costs the rating and a part of the bond; for a withheld one see chain/rating/withholding.ts. After
 * either, all segments of the next updates are replayed, and a replay of all segments needs nothing from the
 * participant.
 * @param provers nodes whose answers proved it false; they share the reward for proving a fault
 * @returns the change of rating for the block, if there is one
 */
export function punishFault(
  state: State,
  index: number,
  fault: AuditFault,
  provers: readonly number[],
): RatingChange | undefined {
  const { meta, parameters } = state;
  const node = state.nodes.at(index);
  const audited = { ...node, auditsPassed: 0, auditsFailed: node.auditsFailed + 1 };
  if (fault === "not-served") {
    const after = afterWithholding(audited, meta.time, parameters);
    return rerated(state, index, after.node, after.fault);
  }
  takeForFalseWork(state, index, provers);
  const { bond } = state.nodes.at(index);
  return rerated(state, index, { ...caught(audited), bond }, "mismatch");
}

/**
 * The node gave no answer in time. This is counted, but costs it nothing, because others can prevent it from answering.
 */
export function noteSilence(state: State, index: number): void {
  const node = state.nodes.at(index);
  state.nodes.set(index, { ...node, auditsMissed: node.auditsMissed + 1 });
}

/** Punishes a member of a committee that gave no answer in time although at least three others could. */
export function punishSilence(state: State, index: number): RatingChange | undefined {
  return rerated(state, index, failedMore(state.nodes.at(index), SILENCE), "silent");
}

/** Punishes an auditor whose answer was refuted by most of a committee. */
export function punishFalseWitness(state: State, index: number): RatingChange | undefined {
  return rerated(state, index, failedMore(state.nodes.at(index), UNIT), "wrong");
}

/** What was earned since the last window counts at the next one: a penalty never raises a rating. */
function rerated(
  state: State,
  index: number,
  node: NodeRecord,
  fault: RatingFault,
): RatingChange | undefined {
  const rated = ratingOf(factorsOf(node, state.meta.time, state.parameters));
  const next = { ...node, rating: rated < node.rating ? rated : node.rating };
  state.nodes.set(index, next);
  if (next.rating === node.rating) return undefined;
  return ratingChange(state, index, [node, next], { cause: "audit", fault });
}
