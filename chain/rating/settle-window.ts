/** Sets the ratings of all nodes at the end of a window. */
import type { State } from "../state/state.ts";
import { payWorkReward, type WorkShare } from "../supply/emission.ts";
import { type NodeRecord, RATING_CAUSES, type RatingChange } from "../types/node.ts";
import type { WindowClaim } from "../types/window.ts";
import { segmentsOf } from "./draw-segments.ts";
import { caught, takeForFalseWork } from "./false-work.ts";
import {
  capacityOf,
  energyOf,
  factorsOf,
  faded,
  flopsOf,
  freshnessOf,
  medianOf,
  nextCapacity,
  ratingOf,
  UNIT,
  withMeasured,
} from "./formula.ts";
import { type Judgement, judge, type Outcome } from "./judge.ts";
import { weightOf } from "./weight.ts";

/** Being drawn to verify and staying silent, in parts of a failed unit. */
const SILENCE = UNIT / 4;

export function settleWindow(state: State): RatingChange[] {
  const publicKeyOf = (index: number): Uint8Array => state.nodes.at(index).publicKey;
  const byNode = new Map(
    state.claims.map((claim) => [claim.node, { claim, judged: judge(claim, publicKeyOf) }]),
  );
  const failures = failuresOf([...byNode.values()].map(({ judged }) => judged));
  const changes: RatingChange[] = [];
  const verified: WorkShare[] = [];
  for (const [index, node] of state.nodes.entries()) {
    if (node.registeredAt >= state.window.opens || node.slashedAt !== 0) continue;
    const { claim, judged } = byNode.get(index) ?? {};
    const outcome = outcomeFor(state, node, judged?.outcome ?? "decay");
    const next = rerated(state, node, { claim, outcome, failed: failures.get(index) ?? 0 });
    state.nodes.set(index, next);
    if (outcome === "mismatch") takeForFalseWork(state, index, judged?.provers ?? []);
    if (outcome === "window") {
      verified.push({ node: index, share: bonded(next, measuredBy(state, claim), state) });
    }
    const change = changeOf(state, { index, node, next, claim, outcome });
    if (change !== undefined) changes.push(change);
  }
  state.claims = [];
  state.window = { ...state.window, settledAt: state.height };
  state.meta = { ...state.meta, ratedAt: state.meta.time };
  payWorkReward(state, verified);
  return changes;
}

/** Failed units of those who said what was wrong or never answered. */
function failuresOf(judgements: readonly Judgement[]): Map<number, number> {
  const failures = new Map<number, number>();
  const add = (node: number, units: number): void => {
    failures.set(node, (failures.get(node) ?? 0) + units);
  };
  for (const { wrong, silent } of judgements) {
    for (const node of wrong) add(node, UNIT);
    for (const node of silent) add(node, SILENCE);
  }
  return failures;
}

/** Not serving twice within a half-life is taken for false work: else it would be its cheap disguise. */
function outcomeFor(state: State, node: NodeRecord, outcome: Outcome): Outcome {
  if (outcome !== "not-served" || node.notServedAt === 0n) return outcome;
  const sinceMs = state.meta.time - node.notServedAt;
  const isRepeated = sinceMs <= BigInt(state.parameters.ratingHalfLife) * 1000n;
  return isRepeated ? "mismatch" : outcome;
}

function rerated(
  state: State,
  node: NodeRecord,
  { claim, outcome, failed }: { claim: WindowClaim | undefined; outcome: Outcome; failed: number },
): NodeRecord {
  const { parameters, meta, window } = state;
  const elapsed = meta.time - meta.ratedAt;
  const aged: NodeRecord = {
    ...node,
    verified: faded(node.verified, elapsed, parameters),
    failed: faded(node.failed, elapsed, parameters) + failed,
    lastWindow: window.number,
  };
  const next = judged(state, aged, claim, outcome);
  return { ...next, rating: ratingOf(factorsOf(next, meta.time, parameters)) };
}

function judged(
  state: State,
  node: NodeRecord,
  claim: WindowClaim | undefined,
  outcome: Outcome,
): NodeRecord {
  const { meta, window } = state;
  switch (outcome) {
    case "window": {
      const measured = withMeasured(node.measured, measuredBy(state, claim));
      return {
        ...node,
        measured,
        capacity: nextCapacity(
          node.capacity,
          medianOf(measured),
          freshnessOf(node.ratedAt, meta.time, state.parameters),
        ),
        energy: energyBy(state, claim),
        verified: node.verified + UNIT,
        ratedWindow: window.number,
        ratedAt: meta.time,
        probation: Math.max(0, node.probation - 1),
      };
    }
    case "mismatch":
      return caught(node);
    case "not-served":
      return { ...node, failed: node.failed + UNIT, notServedAt: meta.time };
    case "decay":
      return node;
    default:
      return outcome satisfies never;
  }
}

/** Timed up to the claim, not to the close: who works on before claiming gains nothing by it. */
function measuredBy(state: State, claim: WindowClaim | undefined): bigint {
  if (claim === undefined) return 0n;
  const flops = flopsOf(segmentsOf(claim.lanes), state.parameters);
  return capacityOf(flops, claim.claimed - state.window.openedAt);
}

function energyBy(state: State, claim: WindowClaim | undefined): number {
  if (claim === undefined) return 1_000_000;
  const flops = flopsOf(segmentsOf(claim.lanes), state.parameters);
  return Number(energyOf(claim, flops, state.parameters));
}

/** Work counts for the reward as far as a bond stands behind it. */
function bonded(node: NodeRecord, measured: bigint, { parameters }: State): bigint {
  return weightOf({ ...node, rating: measured }, parameters);
}

function changeOf(
  state: State,
  parts: {
    index: number;
    node: NodeRecord;
    next: NodeRecord;
    claim: WindowClaim | undefined;
    outcome: Outcome;
  },
): RatingChange | undefined {
  const { index, node, next, claim, outcome } = parts;
  if (next.rating === node.rating && outcome !== "window") return undefined;
  return {
    node: index,
    cause: RATING_CAUSES.indexOf(outcome),
    window: state.window.number,
    segments: claim === undefined ? 0 : segmentsOf(claim.lanes),
    factors: factorsOf(next, state.meta.time, state.parameters),
    before: node.rating,
    after: next.rating,
  };
}
