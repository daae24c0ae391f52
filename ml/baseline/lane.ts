/**
 * A lane: one thread works segment after segment until the window is over. The result is a chain of checkpoint hashes
 * that anyone can spot-check. The chain, not the lane, measures the time.
 */

import { merkleRoot } from "../../chain/proof/hash-tree.ts";
import { stepFlops } from "../../chain/rating/baseline.ts";
import type { Engine } from "../engine.ts";
import { addCounts } from "../metrics.ts";
import { type Checkpoint, checkpointHash } from "../training/checkpoint.ts";
import { evaluateShard } from "../training/evaluate.ts";
import { testRows } from "./data.ts";
import { runSegment } from "./segment.ts";
import {
  baselineModel,
  CLASSES,
  DEFAULT_TASK,
  openBaseline,
  SEGMENTS_PER_ROUND,
  STEPS_PER_SEGMENT,
  zeroState,
} from "./task.ts";

/** The lane ends at the first limit that it reaches; at least one is needed. */
export interface LaneOptions {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** Version of the baseline task; default 1. */
  readonly task?: number;
  /** Default 250. */
  readonly stepsPerSegment?: number;
  readonly maxSegments?: number;
  /** By the given clock. */
  readonly untilMs?: number;
}

export interface LaneParts {
  readonly engine: Engine;
  readonly clock: { now(): number };
  /** Ends the lane like a limit: the segments done so far count. */
  readonly signal?: AbortSignal;
  /** Called with every state as it is made; keep the states to serve the verifiers. Index 0 is the zero state. */
  readonly onCheckpoint?: (index: number, checkpoint: Checkpoint) => void;
}

export interface LaneProgress {
  /** Segments done. */
  readonly segments: number;
  /** Hash of the state at the end of the last segment. */
  readonly hash: Uint8Array;
}

export interface LaneResult {
  readonly segments: number;
  /** SHA-256 of the segments + 1 states. */
  readonly checkpoints: readonly Uint8Array[];
  /** Merkle root over `checkpoints`: what a window claim commits to. */
  readonly checkpointRoot: Uint8Array;
  /** Test counts of all rounds, classes x classes. */
  readonly confusion: Uint32Array;
  readonly flops: bigint;
}

/**
 * Drops an unfinished segment.
 * @throws RangeError without a limit
 */
export async function* runLane(
  options: LaneOptions,
  { engine, clock, signal, onCheckpoint }: LaneParts,
): AsyncGenerator<LaneProgress, LaneResult> {
  const { seed, task = DEFAULT_TASK, untilMs } = options;
  const steps = options.stepsPerSegment ?? STEPS_PER_SEGMENT;
  const maxSegments = options.maxSegments ?? Number.POSITIVE_INFINITY;
  if (untilMs === undefined && signal === undefined && maxSegments === Number.POSITIVE_INFINITY) {
    throw new RangeError("a lane needs maxSegments, untilMs or a signal");
  }
  const isOver = (): boolean =>
    signal?.aborted === true || (untilMs !== undefined && clock.now() >= untilMs);
  const model = baselineModel(task);
  const trainer = await openBaseline(engine, model);
  try {
    const confusion = new Uint32Array(CLASSES * CLASSES);
    const checkpoints: Uint8Array[] = [];
    const keep = (state: Checkpoint): Uint8Array => {
      onCheckpoint?.(checkpoints.length, state);
      const hash = checkpointHash(state);
      checkpoints.push(hash);
      return hash;
    };
    let state = zeroState(trainer);
    keep(state);
    let index = 0;
    for (; index < maxSegments; index++) {
      const end = await runSegment(
        { seed, index, start: state, steps },
        { trainer, model, isOver },
      );
      if (end === undefined) break;
      state = end;
      yield { segments: index + 1, hash: keep(state) };
      if (index % SEGMENTS_PER_ROUND === SEGMENTS_PER_ROUND - 1) {
        addCounts(confusion, (await evaluateShard(trainer, testRows(seed, index))).confusion);
      }
    }
    if (index % SEGMENTS_PER_ROUND !== 0) {
      trainer.restore(state.parameters, state.optimizerState);
      addCounts(confusion, (await evaluateShard(trainer, testRows(seed, index - 1))).confusion);
    }
    return {
      segments: index,
      checkpoints,
      checkpointRoot: merkleRoot(checkpoints),
      confusion,
      flops: BigInt(index) * BigInt(steps) * stepFlops(task),
    };
  } finally {
    trainer.dispose();
  }
}
