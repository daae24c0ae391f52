/** How a training travels over a link, and how a training on a remote worker is checked. */
import { fromHex, HASH_BYTES, toHex } from "../../../../chain/crypto/hash.ts";
import { SEGMENTS } from "../../../../chain/workload/train/segments.ts";
import { floatsOfBytes } from "../../../../ml/bytes.ts";
import { maxCheckpointBytes } from "../../../../ml/training/checkpoint.ts";
import { breach } from "../../worker-error.ts";
import { modelFields, modelInputs, parameterCount } from "../model-task.ts";
import { Outputs } from "../outputs.ts";
import { retrain } from "../retrain/assignment.ts";
import type { Assignment, Attempt, ChosenWorker, Pool } from "../work.ts";
import type { TrainOrder, TrainOutcome } from "./order.ts";
import { TrainProbe } from "./probe.ts";
import type { TrainControl, TrainTask, TrainTaskResult } from "./task.ts";

export function train(
  task: TrainTask,
  control: TrainControl,
  pool: Pool,
): Promise<TrainTaskResult> {
  const { onState, deadlineMs } = control;
  const attempt = ({ id, isChecked }: ChosenWorker): Attempt<TrainTaskResult> => {
    if (task.engine !== "exact" || !isChecked) {
      return { assignment: trainAssignment(task, control) };
    }
    const probe = new TrainProbe(task, onState !== undefined, pool.draw);
    const watched = {
      onState: (index: number, state: Uint8Array): void => {
        probe.onState(index, state);
        onState?.(index, state);
      },
    };
    return {
      assignment: trainAssignment(task, onState === undefined ? control : watched),
      verify: (result, signal) =>
        probe.check(id, result, (again) => retrain(again, { deadlineMs, signal }, pool)),
    };
  };
  return pool.run({ kind: "train", isUrgent: false, isRemote: true, attempt }, control);
}

function trainAssignment(
  task: TrainTask,
  { onState }: Pick<TrainControl, "onState"> = {},
): Assignment<TrainTaskResult, TrainOrder, TrainOutcome> {
  const { epochs, segments = SEGMENTS } = task;
  const stateBytes = maxCheckpointBytes(parameterCount(task));
  const sizes = {
    parameters: task.parameters.size,
    checkpoints: (segments + 1) * HASH_BYTES,
  };
  const outputs = new Outputs(sizes);
  const arrived = new Set<number>();
  return {
    order: {
      kind: "train",
      ...modelFields(task),
      epochs,
      segments,
      seed: toHex(task.seed),
      states: onState !== undefined,
    },
    inputs: modelInputs(task, "train", task.chunks),
    limitOf: (name) => {
      if (name !== "state") return outputs.limitOf(name);
      return onState === undefined ? 0 : stateBytes;
    },
    onOutput: (name, index, bytes) => {
      if (name !== "state") return outputs.keep(name, index, bytes);
      if (index < 1 || index > segments) throw breach(`state ${index} of ${segments} segments`);
      arrived.add(index);
      onState?.(index, bytes);
    },
    finish(result) {
      const { steps, samples, meanLoss, durationMs } = result;
      const parameters = floatsOfBytes(outputs.take("parameters", sizes.parameters));
      const checkpoints = splitHashes(outputs.take("checkpoints"));
      const optimizerHash = fromHex(result.optimizerHash);
      // Segments begin with these states; one attempt must not be completed with states of another.
      for (let index = 1; onState !== undefined && index < checkpoints.length - 1; index++) {
        if (!arrived.has(index)) throw breach(`a result without state ${index}`);
      }
      return { parameters, steps, samples, meanLoss, checkpoints, optimizerHash, durationMs };
    },
  };
}

function splitHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % HASH_BYTES !== 0) throw breach(`${bytes.length} bytes of hashes`);
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}
