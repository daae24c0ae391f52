/** How the pool works a lane: at the head of the queue, because a window does not wait. */
import type { TaskControl } from "../../task-control.ts";
import { isWorkerCode } from "../../worker-error.ts";
import { replay } from "../replay/assignment.ts";
import type { Attempt, ChosenWorker, Pool } from "../work.ts";
import { BaselineLane } from "./lane.ts";
import { LaneProbe } from "./probe.ts";
import type { BaselineControl, BaselineTask, BaselineTaskResult } from "./task.ts";

/** A lane must be claimed soon after its window; parts that could not be checked by then are claimed unchecked. */
const LANE_CHECK_MS = 8_000;

export async function baseline(
  task: BaselineTask,
  control: BaselineControl,
  pool: Pool,
): Promise<BaselineTaskResult> {
  const { until, onState } = control;
  const probe = new LaneProbe(task, pool.draw);
  let remote: ChosenWorker | undefined;
  const lane = new BaselineLane(task, {
    onState: (index, state) => {
      probe.onState(index, state);
      onState?.(index, state);
    },
  });
  const attempt = (worker: ChosenWorker): Attempt<BaselineTaskResult> => {
    if (worker.isChecked) remote = worker;
    return { assignment: lane.attempt() };
  };
  const work = { kind: "baseline", isUrgent: true, isRemote: true, attempt };
  const result = await pool.run(work, { ...control, end: until }).catch((error: unknown) => {
    // The window ended while the task waited for a worker, or for the replacement of a dead one.
    if (until.aborted && isWorkerCode(error, "NO_WORKER", "ATTEMPTS")) return lane.result();
    throw error;
  });
  if (remote !== undefined) await checkLane(probe, remote, result, pool);
  return result;
}

/** A window cannot be repeated: nothing is claimed for a lane with wrong work. */
async function checkLane(
  probe: LaneProbe,
  worker: ChosenWorker,
  result: BaselineTaskResult,
  pool: Pool,
): Promise<void> {
  const control: TaskControl = { deadlineMs: LANE_CHECK_MS };
  try {
    await probe.check(worker.id, result, (again) => replay(again, control, pool));
  } catch (error) {
    if (isWorkerCode(error, "SPOT_CHECK")) pool.setAside(worker, error.message);
    if (!isWorkerCode(error, "DEADLINE")) throw error;
    pool.warn("a lane of a remote worker is claimed unchecked: no worker was free in time", {
      worker: worker.id,
      remedy: "let more workers run on this machine (workers)",
    });
  }
}
