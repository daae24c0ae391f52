/** The recipe of this node: its owner's choices, with the task's own values for open fields. */
import type { TrackTask } from "../../chain/track/task.ts";
import type { Recipe } from "../../chain/types/track.ts";

/** Fields with the value 0 are open. */
export function recipeFor({ recipe }: Pick<TrackTask, "recipe">, chosen: Recipe): Recipe {
  return {
    learningRate: chosen.learningRate || recipe.learningRate,
    batchSize: chosen.batchSize || recipe.batchSize,
    width: chosen.width || recipe.width,
    epochs: chosen.epochs || recipe.epochs,
  };
}
