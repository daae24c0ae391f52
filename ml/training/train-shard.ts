/**
 * Local training for one round of federated averaging. The optimizer starts anew in each round, and the whole state is
 * hashed at every segment boundary for the audit.
 */

import type { Shard } from "../dataset/shard.ts";
import type { Trainer } from "../engine.ts";
import { breathe } from "./breathe.ts";
import { type Checkpoint, stateHash } from "./checkpoint.ts";
import { finiteState } from "./finite-state.ts";
import { type PlanOptions, TrainingPlan } from "./plan.ts";
import { stepperOf } from "./stepper.ts";

export interface TrainOptions extends Omit<PlanOptions, "rows"> {
  /** Global parameters the round starts from. */
  readonly parameters: Float32Array;
}

export interface TrainParts {
  readonly trainer: Trainer;
  readonly shard: Shard;
  readonly clock: { now(): number };
  readonly signal?: AbortSignal;
  /** Called with each checkpoint as it is made; keep them to serve an auditor. Index 0 is the start. */
  readonly onCheckpoint?: (index: number, checkpoint: Checkpoint) => void;
}

export interface TrainProgress {
  /** Steps done, from 1. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  /** Mean loss of this step's batch. */
  readonly loss: number;
  /** Sample steps done so far. */
  readonly samples: number;
}

export interface TrainResult {
  readonly parameters: Float32Array;
  readonly steps: number;
  /** Sample steps: rows x epochs. */
  readonly samples: number;
  /** Over all sample steps, float64. */
  readonly meanLoss: number;
  /** `stateHash` at the segments + 1 boundaries. */
  readonly checkpoints: readonly Uint8Array[];
  readonly durationMs: number;
}

/**
 * Yields after every step and lets the event loop run; `return()` on the generator stops the training.
 * @throws TrainingError DIVERGED; the signal's reason when aborted
 */
export async function* trainShard(
  { parameters, ...options }: TrainOptions,
  parts: TrainParts,
): AsyncGenerator<TrainProgress, TrainResult> {
  const { trainer, shard, clock, signal, onCheckpoint } = parts;
  const startedAt = clock.now();
  const plan = new TrainingPlan({ ...options, rows: shard.rows });
  const runStep = stepperOf(plan, parts);
  const checkpoints: Uint8Array[] = [];
  const checkpoint = (step: number): void => {
    const state = finiteState(trainer, step);
    onCheckpoint?.(checkpoints.length, state);
    checkpoints.push(stateHash(state));
  };

  trainer.load(parameters);
  let samples = 0;
  let lossSum = 0;
  for (let step = 0; step < plan.steps; step++) {
    signal?.throwIfAborted();
    if (step === plan.segmentStart(checkpoints.length)) checkpoint(step);
    const done = runStep(step);
    samples += done.samples;
    lossSum += done.loss * done.samples;
    yield {
      step: step + 1,
      steps: plan.steps,
      epoch: plan.epochOf(step),
      loss: done.loss,
      samples,
    };
    await breathe();
  }
  checkpoint(plan.steps);
  return {
    parameters: trainer.parameters(),
    steps: plan.steps,
    samples,
    meanLoss: lossSum / samples,
    checkpoints,
    durationMs: clock.now() - startedAt,
  };
}
