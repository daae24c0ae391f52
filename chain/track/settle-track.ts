/** Sets the quality of nodes at the end of a track, and with it their ratings. */
import { caught, takeForFalseWork } from "../rating/false-work.ts";
import { factorsOf, failedMore, ratingOf, SILENCE, UNIT } from "../rating/formula.ts";
import { ratingChange, type Why } from "../rating/rating-change.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord, RatingChange, RatingFault } from "../types/node.ts";
import type { TrackEntry, TrackScore } from "../types/track.ts";
import { judgeEntry, type TrackJudgement, type TrackOutcome } from "./judge.ts";
import { isExpired, NO_SCORE, NOTHING, qualityOf } from "./quality.ts";
import { type Scores, scoresOf } from "./scores.ts";
import { trackTask } from "./task.ts";

interface Part {
  readonly entry: TrackEntry;
  readonly judgement: TrackJudgement;
}

export function settleTrack(state: State): RatingChange[] {
  const keyOf = (node: number): Uint8Array => state.nodes.at(node).publicKey;
  const parts = state.trackEntries.map((entry): Part => {
    return { entry, judgement: judgeEntry(entry, keyOf) };
  });
  const byNode = new Map(parts.map((part) => [part.entry.node, part]));
  const failures = failuresOf(parts);
  const changes: RatingChange[] = [];
  for (const [index, node] of state.nodes.entries()) {
    if (node.slashedAt !== 0) continue;
    const part = byNode.get(index);
    const outcome = part?.judgement.outcome;
    if (outcome === "false") takeForFalseWork(state, index, part?.judgement.provers ?? []);
    const { units, fault } = failures.get(index) ?? NO_FAILURE;
    const next = judged(state, state.nodes.at(index), part, units);
    const change = rated(state, index, next, { outcome, fault });
    if (change !== undefined) changes.push(change);
  }
  state.trackEntries = [];
  state.track = { ...state.track, settledAt: state.height };
  return changes;
}

interface Failure {
  /** Thousandths. */
  readonly units: number;
  readonly fault: RatingFault;
}

const NO_FAILURE: Failure = { units: 0, fault: "none" };

/**
 * Failed units of judges that were wrong or never answered. Silence is charged in proportion to what a judge was drawn
 * for. Otherwise many entries, which cost nothing, could take a judge's rating by giving it more work than it can do.
 */
function failuresOf(parts: readonly Part[]): Map<number, Failure> {
  const failures = new Map<number, Failure>();
  const drawn = countOf(parts.flatMap(({ entry }) => entry.judges.map(({ node }) => node)));
  for (const [node, times] of countOf(parts.flatMap(({ judgement }) => judgement.silent))) {
    const units = Math.floor((SILENCE * times) / (drawn.get(node) ?? times));
    failures.set(node, { units, fault: "silent" });
  }
  for (const [node, times] of countOf(parts.flatMap(({ judgement }) => judgement.wrong))) {
    const { units } = failures.get(node) ?? NO_FAILURE;
    failures.set(node, { units: units + UNIT * times, fault: "wrong" });
  }
  return failures;
}

function countOf(nodes: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

function judged(
  state: State,
  node: NodeRecord,
  part: Part | undefined,
  failures: number,
): NodeRecord {
  const aged = failures === 0 ? node : failedMore(node, failures);
  if (part === undefined) return withoutStaleScore(aged, state.track.number);
  const { entry, judgement } = part;
  switch (judgement.outcome) {
    case "verified":
      return withScore(
        aged,
        scoreIn(state, scoresOf(entry.counts, trackTask(state.track.task).testRows)),
      );
    case "untold":
      // Otherwise only good results would be published.
      return withScore(aged, scoreIn(state, NOTHING));
    case "false":
      return withScore(caught(aged), scoreIn(state, NOTHING));
    case "unproven":
      return aged.quality > qualityOf(NO_SCORE) ? withScore(aged, NO_SCORE) : aged;
    case "unheard":
      return withoutStaleScore(aged, state.track.number);
    default:
      return judgement.outcome satisfies never;
  }
}

function scoreIn({ track }: State, scores: Scores): TrackScore {
  return { track: track.number, task: track.task, ...scores };
}

function withScore(node: NodeRecord, score: TrackScore): NodeRecord {
  return { ...node, score, quality: qualityOf(score) };
}

function withoutStaleScore(node: NodeRecord, number: number): NodeRecord {
  return isExpired(node.score, number) ? withScore(node, NO_SCORE) : node;
}

/**
 * Writes a node that changed.
 * @returns the change for the block, if there is one
 */
function rated(
  state: State,
  index: number,
  next: NodeRecord,
  { outcome, fault }: { outcome: TrackOutcome | undefined; fault: RatingFault },
): RatingChange | undefined {
  const node = state.nodes.at(index);
  if (next === node) return undefined;
  const rating = ratingOf(factorsOf(next, state.meta.time, state.parameters));
  const after = { ...next, rating };
  state.nodes.set(index, after);
  if (rating === node.rating && outcome !== "verified") return undefined;
  const why = { cause: causeOf(outcome), fault, window: state.track.number };
  return ratingChange(state, index, [node, after], why);
}

function causeOf(outcome: TrackOutcome | undefined): Why["cause"] {
  if (outcome === "false") return "track-mismatch";
  return outcome === "untold" ? "track-untold" : "track";
}
