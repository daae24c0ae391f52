/**
 * How a model is trained: optimizer, clipping, decay, loss and batch size. Plain SGD with momentum on cross-entropy is
 * the basic form; all other settings are optional, with the defaults of tfjs.
 */

import { EngineError } from "./engine-error.ts";

interface OptimizerBase {
  readonly learningRate: number;
  /** Share of every weight that each step takes away, per unit of learning rate and independent of the gradient. */
  readonly weightDecay?: number;
  /** Every gradient is cut to [-clipValue, clipValue]. */
  readonly clipValue?: number;
  /** All gradients together are scaled down to this Euclidean norm, after clipValue. */
  readonly clipNorm?: number;
}

export interface Sgd extends OptimizerBase {
  readonly kind: "sgd";
  /** 0: none. */
  readonly momentum: number;
}

export interface Adam extends OptimizerBase {
  readonly kind: "adam";
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

export interface Adagrad extends OptimizerBase {
  readonly kind: "adagrad";
  /** Default 0.1. */
  readonly initialAccumulator?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

export type Optimizer = Sgd | Adam | Adagrad;

export const LOSSES = [
  "sparseCategoricalCrossentropy",
  "categoricalCrossentropy",
  "binaryCrossentropy",
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
] as const;
export type Loss = (typeof LOSSES)[number];

export interface Hyperparameters {
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** Default sparseCategoricalCrossentropy. */
  readonly loss?: Loss;
}

export const DEFAULT_LOSS: Loss = "sparseCategoricalCrossentropy";
export const ADAM_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
export const ADAGRAD_DEFAULTS = { initialAccumulator: 0.1, epsilon: 1e-7 } as const;

const MAX_BATCH_SIZE = 4_096;

/** @throws EngineError BAD_HYPERPARAMETER, naming the field */
export function checkHyperparameters({ optimizer, batchSize, loss }: Hyperparameters): void {
  const { learningRate, weightDecay = 0, clipValue = 1, clipNorm = 1 } = optimizer;
  if (!(learningRate > 0 && learningRate <= 100)) {
    throw badHyperparameter("optimizer.learningRate", "must be above 0 and at most 100");
  }
  if (!(weightDecay >= 0 && weightDecay * learningRate < 1)) {
    throw badHyperparameter(
      "optimizer.weightDecay",
      "must be at least 0 and below 1 / learningRate",
    );
  }
  if (!(clipValue > 0 && clipValue <= 1e6)) {
    throw badHyperparameter("optimizer.clipValue", "must be above 0 and at most 1e6");
  }
  if (!(clipNorm > 0 && clipNorm <= 1e6)) {
    throw badHyperparameter("optimizer.clipNorm", "must be above 0 and at most 1e6");
  }
  checkOptimizer(optimizer);
  if (loss !== undefined && !LOSSES.includes(loss)) {
    throw badHyperparameter(
      "loss",
      `"${String(loss)}" is unknown; use one of ${LOSSES.join(", ")}`,
    );
  }
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE)) {
    throw badHyperparameter("batchSize", `must be a whole number from 1 to ${MAX_BATCH_SIZE}`);
  }
}

function checkOptimizer(optimizer: Optimizer): void {
  switch (optimizer.kind) {
    case "sgd":
      checkFraction("optimizer.momentum", optimizer.momentum);
      return;
    case "adam": {
      const { beta1, beta2, epsilon } = { ...ADAM_DEFAULTS, ...optimizer };
      checkFraction("optimizer.beta1", beta1);
      checkFraction("optimizer.beta2", beta2);
      checkEpsilon(epsilon);
      return;
    }
    case "adagrad": {
      const { initialAccumulator, epsilon } = { ...ADAGRAD_DEFAULTS, ...optimizer };
      if (!(initialAccumulator >= 0 && initialAccumulator <= 1e6)) {
        throw badHyperparameter("optimizer.initialAccumulator", "must be from 0 to 1e6");
      }
      checkEpsilon(epsilon);
      return;
    }
    default: {
      const { kind } = optimizer satisfies never as Optimizer;
      throw badHyperparameter(
        "optimizer.kind",
        `"${String(kind)}" is unknown; use "sgd", "adam" or "adagrad"`,
      );
    }
  }
}

function checkFraction(field: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw badHyperparameter(field, "must be at least 0 and below 1");
}

function checkEpsilon(epsilon: number): void {
  if (!(epsilon >= 1e-12 && epsilon <= 1))
    throw badHyperparameter("optimizer.epsilon", "must be from 1e-12 to 1");
}

/** Makes the error for one field; the caller throws it. */
export function badHyperparameter(
  field: string,
  reason: string,
  remedy = `correct ${field} of the job`,
): EngineError {
  return new EngineError(
    `${field} ${reason}`,
    { code: "BAD_HYPERPARAMETER", field, reason },
    { remedy },
  );
}
