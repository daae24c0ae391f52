/**
 * What one order needs from a machine, known before the work begins: the memory of the worker that trains it, and the
 * operations of the longest piece of work that cannot be interrupted.
 */

import { programBytes } from "../../../../ml/exact/compile-program.ts";
import type { Hyperparameters } from "../../../../ml/hyperparameters.ts";
import type { LayersModel } from "../../../../ml/model/layers-model.ts";
import { operationsOf } from "../../../../ml/model/operations.ts";
import { MIB } from "../../../units.ts";

const FLOAT_BYTES = 4;
/** A worker without a task, including memory that its garbage collector has not freed. */
const WORKER_MIB = 160;
/** tfjs with its kernels. */
const TFJS_MIB = 200;
/** Copies of the parameters outside the engine: as received, as floats, as sent, and in parts on the link. */
const PARAMETER_COPIES = 4;
/** Of a state between two segments: as values and as bytes. */
const STATE_COPIES = 2;
/** tfjs keeps the output of each layer until its gradient is computed, and makes copies of its own. */
const TFJS_ACTIVATION_COPIES = 4;
const TFJS_PARAMETER_COPIES = 4;

export interface ShardSize {
  /** Chunk files of one participant, or all test chunks, whichever is larger. */
  readonly bytes: number;
}

/** Bytes of one worker process: an upper bound for training. */
export function workerBytes(
  model: LayersModel,
  hyperparameters: Hyperparameters,
  shard: ShardSize,
): number {
  const { parameterCount } = model;
  const arrays = optimizerArrays(hyperparameters);
  const copies = PARAMETER_COPIES + STATE_COPIES * (1 + arrays);
  const outside = copies * parameterCount * FLOAT_BYTES + 2 * shard.bytes;
  if (model.layers !== null) {
    return WORKER_MIB * MIB + outside + programBytes(model, model.layers, hyperparameters);
  }
  const inside =
    (TFJS_PARAMETER_COPIES + arrays) * parameterCount +
    TFJS_ACTIVATION_COPIES * hyperparameters.batchSize * model.activationsPerSample;
  return (WORKER_MIB + TFJS_MIB) * MIB + outside + inside * FLOAT_BYTES;
}

/** Values that the optimizer remembers of each parameter. */
function optimizerArrays({ optimizer }: Hyperparameters): number {
  switch (optimizer.kind) {
    case "adam":
      return 2;
    case "adagrad":
      return 1;
    default:
      return optimizer.momentum === 0 ? 0 : 1;
  }
}

/**
 * A worker answers nobody while it works on one batch; with more operations than this a slow worker would be considered
 * dead before the batch ends.
 */
export const MAX_STEP_OPERATIONS = 2 ** 35;

export function stepOperations(model: LayersModel, { batchSize }: Hyperparameters): number {
  return operationsOf(model) * batchSize;
}
