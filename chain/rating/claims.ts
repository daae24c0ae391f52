/**
 * The life of a window in the state: open, close, draw verifiers for every claim, settle by their
 * verdicts. Ratings change here and nowhere else.
 */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawBelow, drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import { payWorkReward, type WorkShare } from "../supply/emission.ts";
import {
  type NodeRecord,
  RATING_CAUSES,
  type RatingChange,
  type WindowClaim,
} from "../types/node.ts";
import { capacityOf, decayed, nextCapacity } from "./formula.ts";
import { weightOf, weights } from "./weight.ts";
import { type WindowSchedule, windowAt } from "./window.ts";

const MATCH = 1;
const MISMATCH = 2;

/** Runs at the end of every block; returns the rating changes it made. */
export function tickWindow(state: State): RatingChange[] {
  const schedule = windowAt(state.height, state.parameters);
  if (schedule === undefined) return [];
  const { height } = state;
  if (height === schedule.opens) {
    const { time, mix } = state.meta;
    state.meta = { ...state.meta, windowOpened: time, windowMix: mix };
  }
  if (height === schedule.closes) {
    state.meta = { ...state.meta, windowClosed: state.meta.time };
  }
  if (height === schedule.claimsUntil) drawVerifiers(state);
  const complete = state.claims.length > 0 && state.claims.every(isComplete);
  const due =
    height === schedule.verdictsUntil ||
    (complete && height > schedule.claimsUntil && height < schedule.verdictsUntil);
  return due && !isSettled(state, schedule) ? settle(state, schedule) : [];
}

/** Claims are emptied at settlement; a window nobody claimed is settled once, at its last block. */
function isSettled(state: State, schedule: WindowSchedule): boolean {
  if (state.claims.length > 0) return false;
  return Array.from(state.nodes.entries()).some(([, node]) => node.lastWindow === schedule.window);
}

function isComplete(claim: WindowClaim): boolean {
  return claim.verdicts.every((verdict) => verdict !== 0);
}

function drawVerifiers(state: State): void {
  const all = weights(state);
  state.claims = state.claims.map((claim) => {
    const seed = taggedHash("poml/verifiers/v1", state.meta.mix, uint32Bytes(claim.node));
    const others = all.map((weight, index) => (index === claim.node ? 0n : weight));
    const verifiers = drawWithoutReplacement(
      seed,
      "poml/verifiers/v1",
      others,
      state.parameters.verifiers,
    );
    const segmentsDrawn = verifiers.map((_, i) =>
      Number(drawBelow(seed, "poml/verified-segment/v1", i, BigInt(claim.segments))),
    );
    return { ...claim, verifiers, segmentsDrawn, verdicts: verifiers.map(() => 0) };
  });
}

function settle(state: State, schedule: WindowSchedule): RatingChange[] {
  const byNode = new Map(state.claims.map((claim) => [claim.node, claim]));
  const changes: RatingChange[] = [];
  const verified: WorkShare[] = [];
  for (const [index, node] of state.nodes.entries()) {
    const claim = byNode.get(index);
    const outcome = judge(claim);
    if (node.registeredAt >= schedule.opens || node.slashedAt !== 0) continue;
    const measured = measuredBy(claim, state);
    if (outcome === "window") verified.push({ node: index, share: bonded(node, measured, state) });
    const { capacity, rating } = rerate(node, outcome, measured);
    state.nodes.set(index, {
      ...node,
      capacity,
      rating,
      lastWindow: schedule.window,
      ratedWindow: outcome === "window" ? schedule.window : node.ratedWindow,
    });
    if (rating === node.rating && outcome !== "window") continue;
    changes.push({
      node: index,
      cause: RATING_CAUSES.indexOf(outcome),
      window: schedule.window,
      segments: claim?.segments ?? 0,
      capacity,
      before: node.rating,
      after: rating,
    });
  }
  state.claims = [];
  payWorkReward(state, verified);
  return changes;
}

/** Work counts for the reward as far as a bond stands behind it. */
function bonded(node: NodeRecord, measured: bigint, { parameters }: State): bigint {
  return weightOf({ ...node, rating: measured }, parameters);
}

function rerate(
  node: NodeRecord,
  outcome: Outcome,
  measured: bigint,
): Pick<NodeRecord, "capacity" | "rating"> {
  switch (outcome) {
    case "window": {
      const capacity = nextCapacity(node.capacity, measured);
      return { capacity, rating: capacity };
    }
    case "mismatch":
      return { capacity: 0n, rating: 0n };
    case "decay":
      return { capacity: node.capacity, rating: decayed(node.rating) };
  }
}

type Outcome = "window" | "mismatch" | "decay";

/** Timed up to the claim, not to the close: who works on before claiming gains nothing by it. */
function measuredBy(claim: WindowClaim | undefined, state: State): bigint {
  if (claim === undefined) return 0n;
  const { segmentSteps } = state.parameters;
  return capacityOf(claim.segments, segmentSteps, claim.claimed - state.meta.windowOpened);
}

/** Majority of the verdicts given; a claim without any verdict counts as not made. */
function judge(claim: WindowClaim | undefined): Outcome {
  if (claim === undefined) return "decay";
  const matches = claim.verdicts.filter((verdict) => verdict === MATCH).length;
  const mismatches = claim.verdicts.filter((verdict) => verdict === MISMATCH).length;
  const given = claim.verdicts.filter((verdict) => verdict !== 0).length;
  if (2 * mismatches > claim.verdicts.length) return "mismatch";
  return 2 * matches > given ? "window" : "decay";
}
