import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { replayTraining } from "../../../../ml/audit/replay.ts";
import { decodeCheckpoint } from "../../../../ml/training/checkpoint.ts";
import type { RunTask } from "../context.ts";
import { openTask } from "../open-task.ts";
import type { RetrainOrder, RetrainOutcome } from "./order.ts";

/** @throws WorkerError BAD_TASK; ModelError, DatasetError, TrainingError, CheckpointError; the signal's reason */
export const runRetraining: RunTask<RetrainOrder, RetrainOutcome> = async (order, parts) => {
  const { epochs, segments, segment, hyperparameters } = order;
  const served = segment === 0 ? undefined : parts.inputs.one("startState").bytes;
  const { trainer, parameters, shard } = await openTask(order, "train", parts);
  const { batchSize } = hyperparameters;
  const start = served === undefined ? undefined : decodeCheckpoint(served, parameters.length);
  const seed = fromHex(order.seed);
  const { origin, end } = await replayTraining(
    { parameters, epochs, batchSize, seed, segments, segment, start },
    { trainer, shard, signal: parts.context.signal },
  );
  return { kind: "retrain", origin: toHex(origin), end: toHex(end) };
};
