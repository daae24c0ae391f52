/** Converts the settings of a job to those of the engines, and back: the chain has integers, the engines numbers. */

import { JOB_LOSSES, JOB_OPTIMIZERS, type OptimizerSpec } from "../chain/types/optimizer.ts";
import type { TrainSpec } from "../chain/types/train.ts";
import { BILLION } from "../chain/workload/train/check-optimizer.ts";
import {
  ADAGRAD_DEFAULTS,
  ADAM_DEFAULTS,
  type Hyperparameters,
  type Optimizer,
} from "./hyperparameters.ts";
import { fractionOf, millionthsOf } from "./millionths.ts";

/** @throws RangeError for an optimizer or a loss that is not in the lists; the chain refuses these */
export function hyperparametersOf({
  optimizer,
  loss: index,
  batchSize,
}: Pick<TrainSpec, "optimizer" | "loss" | "batchSize">): Hyperparameters {
  const loss = JOB_LOSSES[index];
  if (loss === undefined) throw new RangeError(`no loss ${index}`);
  return { optimizer: optimizerOf(optimizer), loss, batchSize };
}

type Clip = "clipValue" | "clipNorm";
/** With every setting given; only the clips may be absent. */
type Stated<O> = O extends Optimizer ? Required<Omit<O, Clip>> & Pick<O, Clip> : never;
export type StatedOptimizer = Stated<Optimizer>;

/**
 * A clip of 0 is left out.
 * @throws RangeError for an optimizer that is not in the list
 */
export function optimizerOf(spec: OptimizerSpec): StatedOptimizer {
  const kind = JOB_OPTIMIZERS[spec.kind];
  const learningRate = fractionOf(spec.learningRate);
  const epsilon = spec.epsilon / BILLION;
  const common = {
    weightDecay: fractionOf(spec.weightDecay),
    ...(spec.clipValue > 0 && { clipValue: fractionOf(spec.clipValue) }),
    ...(spec.clipNorm > 0 && { clipNorm: fractionOf(spec.clipNorm) }),
  };
  switch (kind) {
    case "sgd":
      return { kind, learningRate, momentum: fractionOf(spec.momentum), ...common };
    case "adam": {
      const [beta1, beta2] = [fractionOf(spec.beta1), fractionOf(spec.beta2)];
      return { kind, learningRate, beta1, beta2, epsilon, ...common };
    }
    case "adagrad": {
      const initialAccumulator = fractionOf(spec.initialAccumulator);
      return { kind, learningRate, initialAccumulator, epsilon, ...common };
    }
    default:
      throw new RangeError(`no optimizer ${spec.kind}`);
  }
}

/** Rounded to the units of the wire. */
export function optimizerSpecOf(optimizer: Optimizer): OptimizerSpec {
  const { kind, learningRate, weightDecay = 0, clipValue = 0, clipNorm = 0 } = optimizer;
  return {
    ...ownSettings(optimizer),
    kind: JOB_OPTIMIZERS.indexOf(kind),
    learningRate: millionthsOf(learningRate),
    weightDecay: millionthsOf(weightDecay),
    clipValue: millionthsOf(clipValue),
    clipNorm: millionthsOf(clipNorm),
  };
}

type OwnSettings = Pick<
  OptimizerSpec,
  "momentum" | "beta1" | "beta2" | "epsilon" | "initialAccumulator"
>;

function ownSettings(optimizer: Optimizer): OwnSettings {
  const none = { momentum: 0, beta1: 0, beta2: 0, epsilon: 0, initialAccumulator: 0 };
  switch (optimizer.kind) {
    case "sgd":
      return { ...none, momentum: millionthsOf(optimizer.momentum) };
    case "adam": {
      const { beta1, beta2, epsilon } = { ...ADAM_DEFAULTS, ...optimizer };
      return {
        ...none,
        beta1: millionthsOf(beta1),
        beta2: millionthsOf(beta2),
        epsilon: Math.round(epsilon * BILLION),
      };
    }
    case "adagrad": {
      const { initialAccumulator, epsilon } = { ...ADAGRAD_DEFAULTS, ...optimizer };
      return {
        ...none,
        initialAccumulator: millionthsOf(initialAccumulator),
        epsilon: Math.round(epsilon * BILLION),
      };
    }
  }
}
