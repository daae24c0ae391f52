/**
 * Opens models of clients with tfjs in a separate process: one step of a model may take gigabytes and minutes, whatever
 * its description says.
 */
import { PomlError } from "../../../../chain/errors.ts";
import type { Loss } from "../../../../ml/hyperparameters.ts";
import type { LayersModel } from "../../../../ml/model/layers-model.ts";
import { readLayersModel } from "../../../../ml/model/read-layers-model.ts";
import { receivedError } from "../../../datasets/import-messages.ts";
import type { Turn } from "../../../fair-line.ts";
import type { HelperFor, HelperLimits } from "../../../helpers/helper.ts";
import { HelperError, limitText } from "../../../helpers/helper-error.ts";
import type { ModelAnswer, ModelTask } from "./open-model.ts";

/** Ten times what the largest tried step takes on a slow machine. */
const OPEN_LIMITS: HelperLimits = {
  timeMs: 300_000,
  cpuMs: 120_000,
  memoryBytes: 2 * 1024 * 1024 * 1024,
};

/** All of them are for the owner, or for jobs of this node that have ended. */
const TURN: Turn = { group: "models", member: "" };

export class ModelOpener {
  readonly #helper: HelperFor<"model", ModelTask, ModelAnswer>;
  readonly #limits: HelperLimits;
  readonly #stop = new AbortController();

  constructor(
    helper: HelperFor<"model", ModelTask, ModelAnswer>,
    limits: HelperLimits = OPEN_LIMITS,
  ) {
    this.#helper = helper;
    this.#limits = limits;
  }

  /**
   * @param json untrusted LayersModel JSON
   * @throws ModelError; PomlError with its codes, MODEL_TOO_COSTLY, MODEL_CRASHED
   */
  read(json: unknown): Promise<LayersModel> {
    return readLayersModel(json, (asked, exactRefusal) =>
      this.#run({ kind: "describe", json: asked, exactRefusal }),
    );
  }

  /** @throws PomlError BAD_CONFIG when tfjs cannot train it; MODEL_TOO_COSTLY, MODEL_CRASHED */
  async tryStep(model: LayersModel, seed: Uint8Array, loss: Loss): Promise<void> {
    await this.#run({ kind: "try", model, seed, loss });
  }

  stop(): void {
    this.#stop.abort(new Error("the node is stopping"));
  }

  async #run(task: ModelTask): Promise<LayersModel> {
    const answer = await this.#helper
      .run("model", task, this.#limits, { signal: this.#stop.signal, turn: TURN })
      .catch((error: unknown) => {
        throw error instanceof HelperError ? ofModel(error) : error;
      });
    if (answer.kind === "refused") throw receivedError(answer.error);
    return answer.model;
  }
}

function ofModel(error: HelperError): PomlError {
  const { facts } = error;
  if (facts.code === "HELPER_LIMIT") {
    return new PomlError(
      `model: to open it and to train it for one step takes more than ${limitText(facts)}`,
      { code: "MODEL_TOO_COSTLY" },
      { action: "local", remedy: "order a smaller model; on a busy machine try it again later" },
    );
  }
  if (facts.code === "HELPER_STOPPED") return error;
  return new PomlError(
    "model: the process that opened it with tfjs ended without an answer",
    { code: "MODEL_CRASHED" },
    {
      action: "local",
      cause: error,
      remedy: "it may be too large for this machine: order a smaller model",
    },
  );
}
