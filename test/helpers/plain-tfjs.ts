/** Plain tfjs in a thread of its own, where nothing of ours has touched its registry of kernels. */

import { Worker } from "node:worker_threads";
import type { LayersModel } from "../../ml/model/layers-model.ts";
import { encodeArtifact } from "./encode-artifact.ts";

export interface PlainFiles {
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
}

export interface PlainQuestion {
  readonly id: number;
  readonly files: PlainFiles;
  /** Row after row. */
  readonly inputs: Float32Array;
  readonly rows: number;
}

export interface PlainAnswer {
  readonly id: number;
  readonly outputs?: Float32Array;
  /** What tfjs said when it did not open the model. */
  readonly refusal?: string;
}

export class PlainTfjs {
  readonly #worker = new Worker(new URL("./plain-tfjs-worker.ts", import.meta.url), {
    // tfjs tells the console of shapes that it does not mind.
    stdout: true,
    stderr: true,
  });
  readonly #waiting = new Map<number, (answer: PlainAnswer) => void>();
  #next = 0;

  constructor() {
    this.#worker.setMaxListeners(0);
    this.#worker.on("message", (answer: PlainAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** The outputs for `inputs`, or what tfjs refuses the files for. */
  ask(files: PlainFiles, inputs: Float32Array, rows: number): Promise<PlainAnswer> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#worker.once("error", reject);
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, files, inputs, rows } satisfies PlainQuestion);
    });
  }

  /** @throws what tfjs refuses the files for */
  async predict(files: PlainFiles, inputs: Float32Array, rows: number): Promise<Float32Array> {
    const { outputs, refusal } = await this.ask(files, inputs, rows);
    if (outputs === undefined) throw new Error(`plain tfjs: ${refusal}`);
    return outputs;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The files that a finished job would have. */
export function filesOf(model: LayersModel, parameters: Float32Array): PlainFiles {
  const { modelJson, weights } = encodeArtifact(model, parameters);
  return { "model.json": modelJson, "weights.bin": weights };
}
