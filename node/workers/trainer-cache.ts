/**
 * The engines and the last opened model of a worker: rounds of one job use the same trainer again. An engine is loaded
 * for the first task that needs it, so tfjs costs nothing until then.
 */
import type { Engine, EngineName, Trainer } from "../../ml/engine.ts";
import type { Hyperparameters } from "../../ml/hyperparameters.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import type { Log } from "../../p2p/log.ts";
import { badTask } from "./worker-error.ts";

export interface OpenModel {
  readonly model: LayersModel;
  readonly trainer: Trainer;
}

export class TrainerCache {
  readonly #log: Log;
  readonly #engines = new Map<EngineName, Promise<Engine>>();
  #last: (OpenModel & { readonly key: string }) | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @throws the error of an engine that fails its self-test */
  engine(name: EngineName): Promise<Engine> {
    const known = this.#engines.get(name);
    if (known !== undefined) return known;
    const engine = this.#load(name);
    this.#engines.set(name, engine);
    return engine;
  }

  /**
   * @param json LayersModel JSON bytes with their SHA-256
   * @throws ModelError; WorkerError BAD_TASK for bytes that are not JSON
   */
  async open(
    name: EngineName,
    json: { readonly hash: string; readonly bytes: Uint8Array },
    hyperparameters: Hyperparameters,
  ): Promise<OpenModel> {
    const key = JSON.stringify([name, json.hash, hyperparameters]);
    if (this.#last?.key === key) return this.#last;
    this.#last?.trainer.dispose();
    this.#last = undefined;
    const engine = await this.engine(name);
    const model = await read(name, parse(json.bytes));
    const trainer = await engine.open(model, hyperparameters);
    this.#last = { key, model, trainer };
    return this.#last;
  }

  async #load(name: EngineName): Promise<Engine> {
    switch (name) {
      case "exact": {
        const { createExactEngine } = await import("../../ml/exact/engine.ts");
        return createExactEngine();
      }
      case "tfjs": {
        const { createTfjsEngine } = await import("../../ml/tfjs/engine.ts");
        return createTfjsEngine((warning) => this.#log.warn(warning));
      }
      default:
        return name satisfies never;
    }
  }
}

async function read(name: EngineName, json: unknown): Promise<LayersModel> {
  if (name === "exact") return parseLayersModel(json);
  const { readLayersModel } = await import("../../ml/model/read-layers-model.ts");
  return readLayersModel(json);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badTask("model", "not JSON", cause);
  }
}
