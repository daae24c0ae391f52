/** One planned step on a trainer: training and its replay share this loop body. */

import type { Shard } from "../dataset/shard.ts";
import type { Trainer } from "../engine.ts";
import type { TrainingPlan } from "./plan.ts";
import { TrainingError } from "./training-error.ts";

export interface StepResult {
  readonly loss: number;
  readonly samples: number;
}

/**
 * @returns a function that runs one step; its buffers are reused from step to step
 * @throws TrainingError DIVERGED from that function
 */
export function stepperOf(
  plan: TrainingPlan,
  { trainer, shard }: { readonly trainer: Trainer; readonly shard: Shard },
): (step: number) => StepResult {
  const inputs = new Float32Array(plan.batchSize * shard.rowSize);
  const labels = new Int32Array(plan.batchSize);
  return (step) => {
    const rows = plan.batch(step);
    shard.batch(rows, inputs, labels);
    const loss = trainer.step(inputs, labels, rows.length, plan.dropoutSeed(step));
    if (!Number.isFinite(loss)) throw new TrainingError(step, `the loss is ${loss}`);
    return { loss, samples: rows.length };
  };
}
