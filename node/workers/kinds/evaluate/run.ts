import { evaluateShard } from "../../../../ml/training/evaluate.ts";
import type { RunTask } from "../context.ts";
import { openTask } from "../open-task.ts";
import type { EvaluateOrder, EvaluateOutcome } from "./order.ts";

/** @throws WorkerError BAD_TASK; ModelError, DatasetError; the signal's reason */
export const runEvaluation: RunTask<EvaluateOrder, EvaluateOutcome> = async (order, parts) => {
  const { trainer, parameters, shard } = await openTask(order, order.split, parts);
  const { signal, output } = parts.context;
  trainer.load(parameters);
  const { lossSum, samples, confusion } = await evaluateShard(trainer, shard, { signal });
  const counts = new DataView(new ArrayBuffer(confusion.length * 4));
  confusion.forEach((count, i) => {
    counts.setUint32(i * 4, count, true);
  });
  await output("confusion", 0, new Uint8Array(counts.buffer));
  return { kind: "evaluate", lossSum, samples };
};
