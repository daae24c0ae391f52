/** The recipe of this node: its owner's choices, the task's own values for what is left open. */
import type { TrackTask } from "../../chain/track/task.ts";
import type { Recipe } from "../../chain/types/track.ts";

/** Fields of 0 are left open. */
export function recipeFor({ recipe }: Pick<TrackTask, "recipe">, chosen: Recipe): Recipe {
  return {
    learningRate: chosen.learningRate || recipe.learningRate,
    batchSize: chosen.batchSize || recipe.batchSize,
    width: chosen.width || recipe.width,
    epochs: chosen.epochs || recipe.epochs,
  };
}
