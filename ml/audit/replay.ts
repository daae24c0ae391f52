/**
 * Repeats one segment of a training run: from the state that the participant served to the hash that it must have
 * committed to. The bits must be equal; there is no tolerance.
 */
import type { Shard } from "../dataset/shard.ts";
import type { Trainer } from "../engine.ts";
import { breathe } from "../training/breathe.ts";
import { type Checkpoint, stateHash } from "../training/checkpoint.ts";
import { CheckpointError } from "../training/checkpoint-error.ts";
import { finiteState } from "../training/finite-state.ts";
import { type PlanOptions, TrainingPlan } from "../training/plan.ts";
import { stepperOf } from "../training/stepper.ts";

export interface ReplayOptions extends Omit<PlanOptions, "rows"> {
  /** From 0. */
  readonly segment: number;
  /** Global parameters that the round started from. */
  readonly parameters: Float32Array;
  /** State at the beginning of the segment; not needed for the first. */
  readonly start?: Checkpoint | undefined;
}

export interface ReplayParts {
  readonly trainer: Trainer;
  /** The participant's shard. */
  readonly shard: Shard;
  readonly signal?: AbortSignal;
}

/** The `stateHash` of the states that an honest run passes. */
export interface Replay {
  /** At the beginning of the run: global parameters, and an optimizer without state. */
  readonly origin: Uint8Array;
  /** At the beginning of the segment. */
  readonly start: Uint8Array;
  /** At its end. */
  readonly end: Uint8Array;
}

/**
 * @throws RangeError for a segment the plan does not have; CheckpointError BAD_CHECKPOINT for a start
 * that is no state of this model and optimizer; TrainingError DIVERGED; the signal's reason
 */
export async function replayTraining(
  { segment, parameters, start, ...options }: ReplayOptions,
  parts: ReplayParts,
): Promise<Replay> {
  const { trainer, shard, signal } = parts;
  const plan = new TrainingPlan({ ...options, rows: shard.rows });
  if (!Number.isSafeInteger(segment) || segment < 0 || segment >= plan.segments) {
    throw new RangeError(`segment ${segment} of a plan with ${plan.segments}`);
  }
  if (segment > 0 && start === undefined)
    throw new RangeError("a segment after the first needs its start state");
  const runStep = stepperOf(plan, parts);
  trainer.load(parameters);
  const fresh = finiteState(trainer, 0);
  const origin = stateHash(fresh);
  if (segment > 0 && start !== undefined) restore(trainer, start, fresh);
  const endStep = plan.segmentStart(segment + 1);
  for (let step = plan.segmentStart(segment); step < endStep; step++) {
    signal?.throwIfAborted();
    runStep(step);
    await breathe();
  }
  const first = segment > 0 && start !== undefined ? stateHash(start) : origin;
  return { origin, start: first, end: stateHash(finiteState(trainer, endStep)) };
}

function restore(trainer: Trainer, start: Checkpoint, like: Checkpoint): void {
  const given = start.optimizerState.length;
  const expected = like.optimizerState.length;
  if (given !== expected) {
    const reason = `${given} optimizer values, this optimizer has ${expected}`;
    throw new CheckpointError(`checkpoint: ${reason}`, { code: "BAD_CHECKPOINT", reason });
  }
  trainer.restore(start.parameters, start.optimizerState);
}
