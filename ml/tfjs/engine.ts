/**
 * The tfjs engine: it runs any LayersModel that tfjs-layers can build. Its numbers depend on backend and machine, so
 * its work cannot be audited bit by bit.
 */

import type { Engine, Trainer } from "../engine.ts";
import { checkHyperparameters, DEFAULT_LOSS, type Hyperparameters } from "../hyperparameters.ts";
import { checkLossFits } from "../loss-fit.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { readTopology } from "../model/topology.ts";
import { chooseBackend, tf, type Warn } from "./backend.ts";
import { buildTfjsModel } from "./build-model.ts";
import { TfjsTrainer } from "./trainer.ts";

/**
 * @param warn called when only the slow cpu backend starts
 * @throws EngineError NO_BACKEND
 */
export async function createTfjsEngine(warn: Warn): Promise<Engine> {
  const backend = await chooseBackend(warn);
  const version = `${tf.version_core}-${backend}`;
  return {
    name: "tfjs",
    version,
    async open(model: LayersModel, hyperparameters: Hyperparameters): Promise<Trainer> {
      checkHyperparameters(hyperparameters);
      checkLossFits(hyperparameters.loss ?? DEFAULT_LOSS, model);
      return new TfjsTrainer(
        model,
        await buildTfjsModel(readTopology(model.json)),
        hyperparameters,
      );
    },
  };
}
