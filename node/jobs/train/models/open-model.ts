/** Reads a client's model with tfjs; it runs in a helper process, because it may take gigabytes and minutes. */
import { PomlError } from "../../../../chain/errors.ts";
import type { Loss } from "../../../../ml/hyperparameters.ts";
import type { ExactRefusal, LayersModel } from "../../../../ml/model/layers-model.ts";
import { type SentError, sentError } from "../../../datasets/import-messages.ts";

export type ModelTask =
  | { readonly kind: "describe"; readonly json: unknown; readonly exactRefusal: ExactRefusal }
  /** Whether tfjs can train it. */
  | {
      readonly kind: "try";
      readonly model: LayersModel;
      /** The weights are drawn from it. */
      readonly seed: Uint8Array;
      readonly loss: Loss;
    };

export type ModelAnswer =
  /** The described model, or the one that was tried. */
  | { readonly kind: "fine"; readonly model: LayersModel }
  | { readonly kind: "refused"; readonly error: SentError };

export async function openModel(task: ModelTask): Promise<ModelAnswer> {
  try {
    return { kind: "fine", model: await opened(task) };
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    return { kind: "refused", error: sentError(error) };
  }
}

async function opened(task: ModelTask): Promise<LayersModel> {
  if (task.kind === "describe") {
    const { describeWithTfjs } = await import("../../../../ml/tfjs/describe.ts");
    return describeWithTfjs(task.json, task.exactRefusal);
  }
  const { tryStep } = await import("../../../../ml/tfjs/try-step.ts");
  await tryStep(task.model, task.seed, task.loss);
  return task.model;
}
