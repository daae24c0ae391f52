/** Opens the model of a task, decodes its shard, and checks that these and the parameters fit together. */
import { floatsOfBytes, indexOfNonFinite } from "../../../ml/bytes.ts";
import { shardOfChunks } from "../../../ml/dataset/build.ts";
import { decodeChunk } from "../../../ml/dataset/chunk.ts";
import { decodeManifest, rowSize, type Split } from "../../../ml/dataset/manifest.ts";
import type { Shard } from "../../../ml/dataset/shard.ts";
import type { Trainer } from "../../../ml/engine.ts";
import { requireOperations } from "../../../ml/model/operations.ts";
import { badTask } from "../worker-error.ts";
import type { TaskParts } from "./context.ts";
import type { ModelTask } from "./model-task.ts";

export interface OpenTask {
  readonly trainer: Trainer;
  readonly parameters: Float32Array;
  readonly shard: Shard;
}

/** @throws WorkerError BAD_TASK; ModelError, DatasetError */
export async function openTask(
  {
    engine,
    hyperparameters,
    operations,
  }: Pick<ModelTask, "engine" | "hyperparameters" | "operations">,
  split: Split,
  { inputs, trainers }: Pick<TaskParts, "inputs" | "trainers">,
): Promise<OpenTask> {
  const manifest = decodeManifest(inputs.one("manifest").bytes);
  const parameters = floatsOfBytes(inputs.one("parameters").bytes);
  const { model, trainer } = await trainers.open(engine, inputs.one("model"), hyperparameters);
  if (operations !== undefined) requireOperations(model, operations);
  requireFit("rows", rowSize(manifest), model.inputSize);
  requireFit("classes", manifest.classes.length, model.classes);
  requireFit("parameters", parameters.length, model.parameterCount);
  if (indexOfNonFinite(parameters) !== -1) throw badTask("parameters", "a value is not finite");
  const byHash = new Map(manifest[split].map((chunk) => [chunk.sha256, chunk]));
  const parts = inputs.all("chunks").map(({ hash, bytes }) => {
    const chunk = byHash.get(hash);
    if (chunk === undefined) throw badTask("chunks", `not in the ${split} split`);
    return decodeChunk(manifest, chunk, bytes);
  });
  if (parts.length === 0) throw badTask("chunks", "none");
  return { trainer, parameters, shard: shardOfChunks(manifest, parts) };
}

function requireFit(field: string, actual: number, expected: number): void {
  if (actual !== expected) throw badTask(field, `${actual}, the model has ${expected}`);
}
