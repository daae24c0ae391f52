/** Sets the ratings of all nodes at the end of a window. */
import { WHOLE } from "../millionths.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord, RATING_CAUSES, RatingChange, RatingFault } from "../types/node.ts";
import type { WindowClaim } from "../types/window.ts";
import { weightOf } from "../weight/weight.ts";
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
  SILENCE,
  steadyCapacity,
  UNIT,
  withMeasured,
} from "./formula.ts";
import { type Judgement, judge } from "./judge.ts";
import { ratingChange } from "./rating-change.ts";
import { afterWithholding } from "./withholding.ts";
import { payForWork, type VerifiedClaim } from "./work-pay.ts";

export function settleWindow(state: State): RatingChange[] {
  const publicKeyOf = (index: number): Uint8Array => state.nodes.at(index).publicKey;
  const byNode = new Map(
    state.claims.map((claim) => [claim.node, { claim, judged: judge(claim, publicKeyOf) }]),
  );
  const failures = failuresOf([...byNode.values()].map(({ judged }) => judged));
  const changes: RatingChange[] = [];
  const verified: VerifiedClaim[] = [];
  for (const [index, node] of state.nodes.entries()) {
    if (node.registeredAt >= state.window.opens || node.slashedAt !== 0) continue;
    const work = byNode.get(index);
    const failure = failures.get(index) ?? NO_FAILURE;
    const { next, cause } = rerated(state, node, work, failure.units);
    state.nodes.set(index, next);
    if (cause === "mismatch") takeForFalseWork(state, index, work?.judged.provers ?? []);
    if (cause === "window" && work !== undefined) {
      verified.push({ claim: work.claim, share: earnedBy(state, next, work) });
    }
    const change = changeOf(state, { index, node, next, work, cause, fault: failure.fault });
    if (change !== undefined) changes.push(change);
  }
  state.claims = [];
  state.window = { ...state.window, settledAt: state.height };
  state.meta = { ...state.meta, ratedAt: state.meta.time };
  payForWork(state, verified);
  return changes;
}

interface Failure {
  /** Thousandths. */
  readonly units: number;
  readonly fault: RatingFault;
}

const NO_FAILURE: Failure = { units: 0, fault: "none" };

/** Failed units of nodes that gave a wrong finding or never answered. */
function failuresOf(judgements: readonly Judgement[]): Map<number, Failure> {
  const failures = new Map<number, Failure>();
  const add = (node: number, units: number, fault: RatingFault): void => {
    const before = failures.get(node) ?? NO_FAILURE;
    // Of two faults the more serious one is recorded.
    failures.set(node, {
      units: before.units + units,
      fault: before.fault === "wrong" ? "wrong" : fault,
    });
  };
  for (const { wrong, silent } of judgements) {
    for (const node of wrong) add(node, UNIT, "wrong");
    for (const node of silent) add(node, SILENCE, "silent");
  }
  return failures;
}

/** A claim and its result. */
interface Work {
  readonly claim: WindowClaim;
  readonly judged: Judgement;
}

type Cause = (typeof RATING_CAUSES)[number];

interface Rerated {
  readonly next: NodeRecord;
  readonly cause: Cause;
}

function rerated(state: State, node: NodeRecord, work: Work | undefined, failed: number): Rerated {
  const { parameters, meta, window } = state;
  const elapsed = meta.time - meta.ratedAt;
  const aged: NodeRecord = {
    ...node,
    verified: faded(node.verified, elapsed, parameters),
    failed: faded(node.failed, elapsed, parameters) + failed,
    audited: 0,
    lastWindow: window.number,
  };
  const { next, cause } = judged(state, aged, work);
  const rating = ratingOf(factorsOf(next, meta.time, parameters));
  return { next: { ...next, rating }, cause };
}

function judged(state: State, node: NodeRecord, work: Work | undefined): Rerated {
  const { meta, window, parameters } = state;
  const outcome = work?.judged.outcome ?? "decay";
  switch (outcome) {
    case "window": {
      const next = {
        ...node,
        ...(work?.judged.isMeasured === true && remeasured(state, node, work)),
        energy: energyBy(state, work),
        verified: node.verified + Number(verifiedPart(BigInt(UNIT), work)),
        ratedWindow: window.number,
        ratedAt: meta.time,
        probation: Math.max(0, node.probation - 1),
      };
      return { next, cause: outcome };
    }
    case "mismatch":
      return { next: caught(node), cause: outcome };
    case "not-served": {
      const { node: next, fault } = afterWithholding(node, meta.time, parameters);
      return { next, cause: fault };
    }
    case "unproven":
    case "decay":
      return { next: node, cause: outcome };
    default:
      return outcome satisfies never;
  }
}

function remeasured(
  state: State,
  node: NodeRecord,
  work: Work,
): Pick<NodeRecord, "measured" | "capacity"> {
  const measured = withMeasured(node.measured, measuredBy(state, work));
  const fresh = freshnessOf(node.ratedAt, state.meta.time, state.parameters);
  return { measured, capacity: nextCapacity(node.capacity, medianOf(measured), fresh) };
}

/**
 * Timed up to the claim, not to the close of the window: a node that goes on working before it claims gains nothing.
 */
function measuredBy(state: State, work: Work | undefined): bigint {
  if (work === undefined) return 0n;
  const { lanes, claimed } = work.claim;
  const flops = verifiedPart(flopsOf(segmentsOf(lanes), state.parameters), work);
  return capacityOf(flops, claimed - state.window.openedAt);
}

/** Work that was not served to the drawn verifiers counts for nothing. */
function verifiedPart(amount: bigint, work: Work | undefined): bigint {
  const { verified, given } = work?.judged ?? { verified: 0, given: 0 };
  return given === 0 ? 0n : (amount * BigInt(verified)) / BigInt(given);
}

function energyBy(state: State, work: Work | undefined): number {
  if (work === undefined) return WHOLE;
  const flops = flopsOf(segmentsOf(work.claim.lanes), state.parameters);
  return Number(energyOf(work.claim, flops, state.parameters));
}

/**
 * The reward for the work of this window is limited by what the node did in most of its last windows, by how far its
 * capacity has risen, and by its bond: one window with a rented machine earns no more than any other window.
 */
function earnedBy(state: State, node: NodeRecord, work: Work): bigint {
  const limits = [node.capacity, steadyCapacity(node.measured)];
  const rating = limits.reduce(
    (least, limit) => (limit < least ? limit : least),
    measuredBy(state, work),
  );
  return weightOf({ ...node, rating }, state.parameters);
}

function changeOf(
  state: State,
  parts: {
    index: number;
    node: NodeRecord;
    next: NodeRecord;
    work: Work | undefined;
    cause: Cause;
    fault: RatingFault;
  },
): RatingChange | undefined {
  const { index, node, next, work, cause, fault } = parts;
  if (next.rating === node.rating && cause !== "window") return undefined;
  const segments = work === undefined ? 0 : segmentsOf(work.claim.lanes);
  const why = { cause, fault, window: state.window.number, segments };
  return ratingChange(state, index, [node, next], why);
}
