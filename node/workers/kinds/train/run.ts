import { fromHex, sha256, toHex } from "../../../../chain/crypto/hash.ts";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import { type Checkpoint, encodeCheckpoint } from "../../../../ml/training/checkpoint.ts";
import { trainShard } from "../../../../ml/training/train-shard.ts";
import type { RunTask } from "../context.ts";
import { openTask } from "../open-task.ts";
import type { TrainOrder, TrainOutcome } from "./order.ts";

/** @throws WorkerError BAD_TASK; ModelError, DatasetError, TrainingError; the signal's reason */
export const runTraining: RunTask<TrainOrder, TrainOutcome> = async (order, parts) => {
  const { epochs, segments, seed, hyperparameters, states } = order;
  const { trainer, parameters, shard } = await openTask(order, "train", parts);
  const { clock, context } = parts;
  const { signal, onProgress, output } = context;
  const { batchSize } = hyperparameters;
  let sent: Promise<void> = Promise.resolve();
  const onCheckpoint = (index: number, state: Checkpoint): void => {
    if (index === 0) return;
    const bytes = encodeCheckpoint(state);
    sent = sent.then(() => output("state", index, bytes));
  };
  const run = trainShard(
    { parameters, epochs, batchSize, seed: fromHex(seed), segments },
    {
      trainer,
      shard,
      signal,
      clock: { now: () => clock.monotonic() },
      ...(states && { onCheckpoint }),
    },
  );
  let turn: Awaited<ReturnType<typeof run.next>>;
  try {
    turn = await run.next();
    for (; turn.done !== true; turn = await run.next()) {
      onProgress(turn.value);
      await sent;
    }
  } finally {
    // States before a divergence are sent too, because they show where it is.
    await sent;
  }
  const { steps, samples, meanLoss, durationMs, checkpoints } = turn.value;
  await output("parameters", 0, bytesOfFloats(turn.value.parameters));
  await output("checkpoints", 0, Buffer.concat(checkpoints));
  const optimizerHash = toHex(sha256(bytesOfFloats(trainer.optimizerState())));
  return { kind: "train", steps, samples, meanLoss, durationMs, optimizerHash };
};
