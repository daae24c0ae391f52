/** How a job's model learns: an optimizer with its settings, and the loss that it minimises. */
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Uint8, Uint32 } from "./primitive.ts";

/** Wire values; append only. sgd uses momentum if that is above 0. */
export const JOB_OPTIMIZERS = ["sgd", "adam", "adagrad"] as const;
/** Wire values; append only. Targets are the class indexes of the dataset, one-hot if a loss needs values. */
export const JOB_LOSSES = [
  "sparseCategoricalCrossentropy",
  "categoricalCrossentropy",
  "binaryCrossentropy",
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
] as const;

/** Settings in millionths, `epsilon` in billionths. A setting that the optimizer does not use is 0. */
export const OptimizerSpec = new ContainerType(
  {
    /** Index into JOB_OPTIMIZERS. */
    kind: Uint8,
    learningRate: Uint32,
    /** sgd */
    momentum: Uint32,
    /** adam */
    beta1: Uint32,
    /** adam */
    beta2: Uint32,
    /** adam, adagrad; billionths */
    epsilon: Uint32,
    /** adagrad */
    initialAccumulator: Uint32,
    /** Share of every weight that is taken away per step and unit of learning rate; 0 = none. */
    weightDecay: Uint32,
    /** Every gradient is cut to this size; 0 = no limit. */
    clipValue: Uint32,
    /** All gradients together are scaled down to this norm, after `clipValue`; 0 = no limit. */
    clipNorm: Uint32,
  },
  { typeName: "OptimizerSpec", jsonCase: "eth2" },
);
export type OptimizerSpec = ValueOf<typeof OptimizerSpec>;
