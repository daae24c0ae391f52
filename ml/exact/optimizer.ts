/**
 * Updates packed parameters from their gradients: clip, decay, step. The state of an optimizer consists of arrays in
 * parameter layout and a few single values; both belong to a checkpoint.
 */

import {
  ADAGRAD_DEFAULTS,
  ADAM_DEFAULTS,
  type Adagrad,
  type Adam,
  type Optimizer,
  type Sgd,
} from "../hyperparameters.ts";
import type { Arena } from "./arena.ts";
import type { Kernels } from "./kernel-exports.ts";

export interface OptimizerPlan {
  /** Byte offsets of arrays in packed parameter layout. */
  readonly arrays: readonly number[];
  /** Their value before the first step. */
  readonly arrayStart: number;
  readonly scalars: Float32Array;
  readonly scalarStart: number;
  update(kernels: Kernels): void;
}

/** Packed parameters; only the first `trainable` are updated. */
export interface ParameterMemory {
  readonly parameters: number;
  readonly gradients: number;
  readonly size: number;
  readonly trainable: number;
}

type Update = (kernels: Kernels) => void;
type OptimizerState = Pick<OptimizerPlan, "arrays" | "scalars"> & {
  readonly arrayStart?: number;
  readonly step: Update;
};

export function planOptimizer(
  optimizer: Optimizer,
  arena: Arena,
  memory: ParameterMemory,
): OptimizerPlan {
  const { arrays, scalars, step, arrayStart = 0 } = planStep(optimizer, arena, memory);
  const { clipValue, clipNorm, weightDecay = 0, learningRate } = optimizer;
  const { parameters, gradients, trainable } = memory;
  const updates: Update[] = [];
  if (clipValue !== undefined) {
    updates.push((kernels) => kernels.clipByValue(gradients, trainable, clipValue));
  }
  if (clipNorm !== undefined) {
    updates.push((kernels) => kernels.clipByNorm(gradients, trainable, clipNorm));
  }
  if (weightDecay > 0) {
    const kept = Math.fround(1 - learningRate * weightDecay);
    updates.push((kernels) => kernels.scale(parameters, trainable, kept));
  }
  updates.push(step);
  return {
    arrays,
    arrayStart,
    scalars,
    scalarStart: 1,
    update: (kernels) => {
      for (const update of updates) update(kernels);
    },
  };
}

function planStep(optimizer: Optimizer, arena: Arena, memory: ParameterMemory): OptimizerState {
  switch (optimizer.kind) {
    case "sgd":
      return planSgd(optimizer, arena, memory);
    case "adam":
      return planAdam(optimizer, arena, memory);
    case "adagrad":
      return planAdagrad(optimizer, arena, memory);
  }
}

function planSgd(
  { learningRate, momentum }: Sgd,
  arena: Arena,
  { parameters, gradients, size, trainable }: ParameterMemory,
): OptimizerState {
  const scalars = new Float32Array(0);
  if (momentum === 0) {
    return {
      arrays: [],
      scalars,
      step: (kernels) => kernels.sgd(parameters, gradients, trainable, learningRate),
    };
  }
  const velocity = arena.reserve(size);
  return {
    arrays: [velocity],
    scalars,
    step: (kernels) =>
      kernels.sgdMomentum(parameters, velocity, gradients, trainable, learningRate, momentum),
  };
}

/** The two single values are the current powers of beta1 and beta2, rounded at each step. */
function planAdam(
  adam: Adam,
  arena: Arena,
  { parameters, gradients, size, trainable }: ParameterMemory,
): OptimizerState {
  const { learningRate, beta1, beta2, epsilon } = { ...ADAM_DEFAULTS, ...adam };
  const [mean, square] = [arena.reserve(size), arena.reserve(size)];
  const powers = new Float32Array(2);
  const [b1, b2] = [Math.fround(beta1), Math.fround(beta2)];
  return {
    arrays: [mean, square],
    scalars: powers,
    step: (kernels) => {
      powers[0] = (powers[0] ?? 1) * b1;
      powers[1] = (powers[1] ?? 1) * b2;
      kernels.adam(
        parameters,
        mean,
        square,
        gradients,
        trainable,
        learningRate,
        b1,
        b2,
        1 - (powers[0] ?? 0),
        1 - (powers[1] ?? 0),
        epsilon,
      );
    },
  };
}

function planAdagrad(
  adagrad: Adagrad,
  arena: Arena,
  { parameters, gradients, size, trainable }: ParameterMemory,
): OptimizerState {
  const { learningRate, initialAccumulator, epsilon } = { ...ADAGRAD_DEFAULTS, ...adagrad };
  const sums = arena.reserve(size);
  return {
    arrays: [sums],
    arrayStart: initialAccumulator,
    scalars: new Float32Array(0),
    step: (kernels) =>
      kernels.adagrad(parameters, sums, gradients, trainable, learningRate, epsilon),
  };
}
