import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { inMemory } from "../../blob-source.ts";
import type { TaskControl } from "../../task-control.ts";
import { type Assignment, NO_OUTPUTS, type Pool } from "../work.ts";
import type { ReplayOrder, ReplayOutcome } from "./order.ts";
import type { ReplayTask } from "./task.ts";

/** @returns SHA-256 of the state at the end of the segment */
export function replay(task: ReplayTask, control: TaskControl, pool: Pool): Promise<Uint8Array> {
  const attempt = () => ({ assignment: replayAssignment(task) });
  return pool.run({ kind: "replay", isUrgent: true, isRemote: false, attempt }, control);
}

export function replayAssignment(
  task: ReplayTask,
): Assignment<Uint8Array, ReplayOrder, ReplayOutcome> {
  const { index, stepsPerSegment, startState } = task;
  return {
    ...NO_OUTPUTS,
    order: {
      kind: "replay",
      task: task.task,
      seed: toHex(task.seed),
      index,
      stepsPerSegment,
    },
    inputs: [{ name: "startState", blobs: [inMemory(startState)], isKept: false }],
    finish: ({ hash }) => fromHex(hash),
  };
}
