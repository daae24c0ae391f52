/** Evaluates a whole shard in batches of a fixed size, so that equal parameters give equal sums. */
import type { Shard } from "../dataset/shard.ts";
import type { Evaluation, Trainer } from "../engine.ts";
import { addCounts } from "../metrics.ts";
import { breathe } from "./breathe.ts";

/** It affects the result: the loss is summed batch by batch. */
const BATCH_ROWS = 250;

/**
 * Rows in shard order; the event loop runs between batches.
 * @throws RangeError for an empty shard; the signal's reason when aborted
 */
export async function evaluateShard(
  trainer: Trainer,
  shard: Shard,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Evaluation> {
  if (shard.rows === 0) throw new RangeError("evaluation of a shard without rows");
  const inputs = new Float32Array(BATCH_ROWS * shard.rowSize);
  const labels = new Int32Array(BATCH_ROWS);
  const confusion = new Uint32Array(shard.classes * shard.classes);
  let lossSum = 0;
  for (let start = 0; start < shard.rows; start += BATCH_ROWS) {
    signal?.throwIfAborted();
    const count = Math.min(BATCH_ROWS, shard.rows - start);
    const rows = Uint32Array.from({ length: count }, (_, i) => start + i);
    shard.batch(rows, inputs, labels);
    const part = trainer.evaluate(inputs, labels, count);
    lossSum += part.lossSum;
    addCounts(confusion, part.confusion);
    await breathe();
  }
  return { lossSum, samples: shard.rows, confusion };
}
