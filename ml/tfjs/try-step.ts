/**
 * Tries whether tfjs can train a model that it could build. A layer without a gradient, or a wrong option that is read
 * only when a layer runs, would otherwise fail on every node of a job, round after round.
 */
import type { Loss } from "../hyperparameters.ts";
import { initialParameters } from "../model/initial-parameters.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { ModelError } from "../model/model-error.ts";
import { reasonOf } from "./build-model.ts";
import { createTfjsEngine } from "./engine.ts";

const ROWS = 2;
/** For one sample. A more expensive model is not tried, because the client waits for the answer. */
const MAX_FLOPS = 300_000_000;

/** The first step also prepares tfjs; in a step that takes longer than this, the preparation counts for little. */
const LONG_MS = 1_000;

/**
 * Takes the time and memory that the layers need, which no description limits.
 * @param seed the weights are drawn from it
 * @returns milliseconds of processor time that one row takes here; undefined when it was not tried
 * @throws ModelError BAD_CONFIG
 */
export async function tryStep(
  model: LayersModel,
  seed: Uint8Array,
  loss: Loss,
): Promise<number | undefined> {
  if (model.flopsPerSample > MAX_FLOPS) return undefined;
  const engine = await createTfjsEngine(() => undefined);
  const optimizer = { kind: "sgd", learningRate: 0.001, momentum: 0 } as const;
  const trainer = await engine.open(model, { optimizer, batchSize: ROWS, loss });
  try {
    trainer.load(initialParameters(model, seed));
    const inputs = inputsOf(model);
    const step = () => trainer.step(inputs, Int32Array.of(0, 1), ROWS, 0);
    let value = Number.NaN;
    const first = timed(() => {
      value = step();
    });
    const outputs = trainer.predict(inputs, ROWS);
    if (Number.isFinite(value) && outputs.every(Number.isFinite)) {
      return (first > LONG_MS ? first : Math.min(timed(step), timed(step))) / ROWS;
    }
  } catch (cause) {
    throw untrainable(reasonOf(cause), cause);
  } finally {
    trainer.dispose();
  }
  throw untrainable("after one step its values are not finite");
}

function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Zeros for an embedding, which takes whole numbers and always has a row 0; small fractions for other models. */
function inputsOf({ json, inputSize }: LayersModel): Float32Array {
  const hasEmbedding = JSON.stringify(json).includes('"Embedding"');
  return new Float32Array(ROWS * inputSize).map((_, i) => (hasEmbedding ? 0 : (i % 7) / 8));
}

function untrainable(reason: string, cause?: unknown): ModelError {
  return new ModelError(
    `tfjs opens the model, but cannot train it: ${reason}`,
    { code: "BAD_CONFIG", layer: "model", field: "config", reason },
    { cause, remedy: "try model.fit of tfjs 4.22 on a few rows, and change the layer it fails on" },
  );
}
