/**
 * The exact engine: equal inputs give equal bits on every machine, so that training can be audited by comparing hashes.
 * It runs the program of a LayersModel; models without a program belong to the tfjs engine. The code that compiles
 * models is imported when the first one opens.
 */

import type { Engine, Trainer } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { checkHyperparameters, DEFAULT_LOSS, type Hyperparameters } from "../hyperparameters.ts";
import { checkLossFits } from "../loss-fit.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { ENGINE_HASH } from "./engine-hash.ts";
import { compileKernels } from "./load-kernels.ts";

export interface ExactEngineOptions {
  /** Contents of kernels.wasm; default: the file beside this one is read (a page must fetch it). */
  readonly kernels?: Uint8Array<ArrayBuffer>;
}

/**
 * Loads the kernels and runs the golden self-test.
 * @throws EngineError KERNELS_CHANGED, NO_SIMD or GOLDEN_MISMATCH
 */
export async function createExactEngine(options: ExactEngineOptions = {}): Promise<Engine> {
  const bytes = options.kernels ?? (await readKernels());
  const engine = new ExactEngine(await compileKernels(bytes));
  const { selfTest } = await import("./self-test.ts");
  await selfTest(engine);
  return engine;
}

/** Imported only when needed, so that a page which fetches the kernels can load this file. */
async function readKernels(): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = await import("node:fs/promises");
  return readFile(new URL("./kernels.wasm", import.meta.url));
}

/** The engine with any build of the kernels; `createExactEngine` is the one that checks them. */
export class ExactEngine implements Engine {
  readonly name = "exact";
  readonly version = ENGINE_HASH.slice(0, 16);
  readonly #module: WebAssembly.Module;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  async open(model: LayersModel, hyperparameters: Hyperparameters): Promise<Trainer> {
    checkHyperparameters(hyperparameters);
    if (model.layers === null) throw refusal(model);
    checkLossFits(hyperparameters.loss ?? DEFAULT_LOSS, model);
    const { compileProgram } = await import("./compile-program.ts");
    const { ExactTrainer } = await import("./trainer.ts");
    const program = compileProgram(this.#module, model, model.layers, hyperparameters);
    return new ExactTrainer(model, program, hyperparameters.batchSize);
  }
}

function refusal({ exactRefusal }: LayersModel): EngineError {
  const { layer = "model", className = "model", reason = "it has no program" } = exactRefusal ?? {};
  return new EngineError(
    `the exact engine cannot run layer "${layer}" (${className}): ${reason}`,
    { code: "NEEDS_TFJS", layer, className, reason },
    { remedy: 'choose engine "tfjs" for this job; its results cannot be audited bit by bit' },
  );
}
