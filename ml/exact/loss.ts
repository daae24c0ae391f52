/**
 * Losses over the model's outputs. Sparse cross-entropy reads class indexes; the others read a row of targets per
 * sample, which is one-hot where the caller gives class indexes. The gradient of a cross-entropy is taken with respect
 * to the logits, through the softmax or sigmoid before it.
 */

import type { Loss } from "../hyperparameters.ts";
import type { Arena } from "./arena.ts";
import type { Kernels } from "./kernel-exports.ts";

/** The numbers by which the kernels know them. */
const LOSS_KINDS = {
  categoricalCrossentropy: 0,
  binaryCrossentropy: 1,
  meanSquaredError: 2,
  meanAbsoluteError: 3,
  huber: 4,
} as const;

export interface LossPlan {
  /** Byte offset of class indexes, int32. */
  readonly labels: number;
  /** Byte offset of batch x outputs targets; 0 where only class indexes are read. */
  readonly targets: number;
  /** True when `gradient` is that of the last layer's input. */
  readonly throughLast: boolean;
  /** `start` plus the losses of the first `count` samples. */
  sum(kernels: Kernels, count: number, start: number): number;
  gradient(kernels: Kernels, count: number, to: number): void;
}

export interface LossShape {
  readonly batchSize: number;
  readonly outputSize: number;
  /** Byte offset of the model's outputs. */
  readonly outputs: number;
}

/** Plans a loss that fits the model. */
export function planLoss(
  loss: Loss,
  arena: Arena,
  { batchSize, outputSize, outputs }: LossShape,
): LossPlan {
  const labels = arena.reserve(batchSize);
  if (loss === "sparseCategoricalCrossentropy") {
    return {
      labels,
      targets: 0,
      throughLast: true,
      sum: (kernels, count, start) =>
        kernels.crossEntropy(outputs, labels, count, outputSize, start),
      gradient: (kernels, count, to) =>
        kernels.crossEntropyGradient(outputs, labels, count, outputSize, to, 1 / count),
    };
  }
  const kind = LOSS_KINDS[loss];
  const targets = arena.reserve(batchSize * outputSize);
  const factor = loss === "meanSquaredError" ? 2 : 1;
  const perSample = loss === "categoricalCrossentropy" ? 1 : outputSize;
  return {
    labels,
    targets,
    throughLast: loss.endsWith("Crossentropy"),
    sum: (kernels, count, start) =>
      kernels.lossSum(kind, outputs, targets, count, outputSize, start),
    gradient: (kernels, count, to) => {
      const scale = factor / (count * perSample);
      kernels.lossGradient(kind, outputs, targets, count * outputSize, to, scale);
    },
  };
}
