/**
 * Which losses make sense for which models, depending on how the model ends. Cross-entropies read the outputs as
 * probabilities, and take their gradient through the softmax or sigmoid before them; the others compare any outputs
 * with the wanted values.
 */
import { badHyperparameter, DEFAULT_LOSS, type Loss } from "./hyperparameters.ts";
import type { LayersModel, ModelEnding } from "./model/layers-model.ts";

const NEEDED_ENDINGS: Partial<Record<Loss, ModelEnding>> = {
  sparseCategoricalCrossentropy: "softmax",
  categoricalCrossentropy: "softmax",
  binaryCrossentropy: "sigmoid",
};

/** The cross-entropy that fits the end of the model. */
export function defaultLoss({ ending }: Pick<LayersModel, "ending">): Loss {
  return ending === "sigmoid" ? "binaryCrossentropy" : DEFAULT_LOSS;
}

/** @throws EngineError BAD_HYPERPARAMETER when the model does not end as the loss requires */
export function checkLossFits(loss: Loss, { ending }: Pick<LayersModel, "ending">): void {
  const needed = NEEDED_ENDINGS[loss];
  if (needed === undefined || needed === ending) return;
  const what = needed === "softmax" ? "a softmax over at least two classes" : "a sigmoid";
  const other =
    ending === "other" ? "meanSquaredError, meanAbsoluteError or huber" : defaultLoss({ ending });
  throw badHyperparameter(
    "loss",
    `${loss} needs a model that ends in ${what}`,
    `change the end of the model, or choose the loss ${other}`,
  );
}
