/** Opens models in this process: for tests whose models are their own. */
import { readLayersModel } from "../../ml/model/read-layers-model.ts";
import { tryStep } from "../../ml/tfjs/try-step.ts";
import type { PrepareModules } from "../../node/jobs/train/prepare.ts";

export const OPENER: PrepareModules["models"] = {
  read: readLayersModel,
  tryStep: async (...model) => void (await tryStep(...model)),
};
