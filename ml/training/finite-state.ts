/**
 * The state of a run, checked before it is hashed, kept or served: a state with values that are not finite never is.
 */

import { indexOfNonFinite } from "../bytes.ts";
import type { Trainer } from "../engine.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { TrainingError } from "./training-error.ts";

/**
 * The loss of a run can stay finite while the squares of its gradients do not.
 * @param step steps done so far
 * @throws TrainingError DIVERGED
 */
export function finiteState(trainer: Trainer, step: number): Checkpoint {
  const parameters = trainer.parameters();
  const optimizerState = trainer.optimizerState();
  const at = Math.max(indexOfNonFinite(parameters), indexOfNonFinite(optimizerState));
  if (at !== -1) throw new TrainingError(step, `value ${at} of the state is not finite`);
  return { parameters, optimizerState };
}
