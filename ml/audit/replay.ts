/**
 * Re-execution of one segment of a training run: from the state the participant served to the hash
 * it must have committed to. Equal bits or a wrong update; there is no tolerance.
 */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import type { Shard } from "../dataset/shard.ts";
import type { Trainer } from "../engine.ts";
import { breathe } from "../training/breathe.ts";
import { type PlanOptions, TrainingPlan } from "../training/plan.ts";
import { stepperOf } from "../training/stepper.ts";
import { AuditError } from "./audit-error.ts";
import { type Checkpoint, checkpointHash } from "./checkpoint.ts";

export interface ReplayOptions extends Omit<PlanOptions, "rows"> {
  /** From 0. */
  readonly segment: number;
  readonly start: Checkpoint;
}

export interface ReplayParts {
  readonly trainer: Trainer;
  /** The participant's shard. */
  readonly shard: Shard;
  readonly signal?: AbortSignal;
}

/**
 * @returns SHA-256 of the state at the end of the segment
 * @throws RangeError for a segment the plan does not have; TrainingError; the signal's reason
 */
export async function replayTraining(
  { segment, start, ...options }: ReplayOptions,
  parts: ReplayParts,
): Promise<Uint8Array> {
  const { trainer, shard, signal } = parts;
  const plan = new TrainingPlan({ ...options, rows: shard.rows });
  if (!Number.isSafeInteger(segment) || segment < 0 || segment >= plan.segments) {
    throw new RangeError(`segment ${segment} of a plan with ${plan.segments}`);
  }
  const runStep = stepperOf(plan, parts);
  trainer.restore(start.parameters, start.optimizerState);
  for (let step = plan.segmentStart(segment); step < plan.segmentStart(segment + 1); step++) {
    signal?.throwIfAborted();
    runStep(step);
    await breathe();
  }
  return checkpointHash({
    parameters: trainer.parameters(),
    optimizerState: trainer.optimizerState(),
  });
}

/** @throws AuditError CHECKPOINT_HASH unless the served state is the committed one */
export function requireCommitted(served: Checkpoint, committed: Uint8Array): void {
  const actual = checkpointHash(served);
  if (equalBytes(actual, committed)) return;
  const facts = { expected: toHex(committed), actual: toHex(actual) };
  throw new AuditError(
    `the served checkpoint has hash ${facts.actual}, committed was ${facts.expected}`,
    { code: "CHECKPOINT_HASH", ...facts },
  );
}
