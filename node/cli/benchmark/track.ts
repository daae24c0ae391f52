/** Runs one open track on this machine with a recipe, and computes the quality that would follow from it. */

import { randomBytes } from "node:crypto";
import { WHOLE } from "../../../chain/millionths.ts";
import type { Engine } from "../../../ml/engine.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";

/** As the settings `track.*` of a node: 0 is the task's own value. */
export interface TrackChoice {
  /** Millionths. */
  readonly learningRate: number;
  readonly batchSize: number;
  readonly width: number;
  readonly epochs: number;
}

export interface BenchmarkTrack {
  readonly task: number;
  readonly recipe: TrackChoice;
  /** From 0 to 1, measured on the hidden rows of a randomly drawn track. */
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** F1 at which the quality is 1. */
  readonly reference: number;
  readonly quality: number;
  readonly durationMs: number;
}

/** @throws CliError BAD_ARGUMENT for a recipe that the chain would refuse; TrainingError DIVERGED */
export async function benchmarkTrack(
  choice: TrackChoice,
  { engine, signal }: { readonly engine: Engine; readonly signal: CliContext["signal"] },
): Promise<BenchmarkTrack> {
  const { TRACK_TASKS, recipeFault, trackTask } = await import("../../../chain/track/task.ts");
  const { qualityOf } = await import("../../../chain/track/quality.ts");
  const { scoresOf } = await import("../../../chain/track/scores.ts");
  const { recipeFor } = await import("../../rating/track-recipe.ts");
  const { runTrack } = await import("../../../ml/track/run.ts");

  const version = TRACK_TASKS;
  const task = trackTask(version);
  const recipe = recipeFor(task, choice);
  const fault = recipeFault(task, recipe);
  if (fault !== undefined) {
    throw usageError(fault.field, fault.reason, "choose a smaller width, or fewer epochs");
  }
  const [mix, publicKey, testMix] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const clock = { now: () => performance.now() };
  const startMs = clock.now();
  const run = runTrack(
    { task: version, mix, publicKey, recipe, testMix },
    { engine, clock, signal },
  );
  let step = await run.next();
  while (!step.done) step = await run.next();
  const { confusion = [] } = step.value.test ?? {};
  const scores = scoresOf(confusion, task.testRows);
  const score = { track: 1, task: version, ...scores };
  return {
    task: version,
    recipe,
    accuracy: scores.accuracy / WHOLE,
    precision: scores.precision / WHOLE,
    recall: scores.recall / WHOLE,
    f1: scores.f1 / WHOLE,
    reference: task.reference / WHOLE,
    quality: qualityOf(score) / WHOLE,
    durationMs: Math.round(clock.now() - startMs),
  };
}
