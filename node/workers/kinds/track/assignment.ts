/** How a run of the open track travels over a link: it has no inputs, and its result is small. */
import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { trackTask } from "../../../../chain/track/task.ts";
import type { TrackRun, TrackRunResult } from "../../../../ml/track/run.ts";
import type { TaskControl } from "../../task-control.ts";
import { breach } from "../../worker-error.ts";
import { type Assignment, NO_OUTPUTS, type Pool } from "../work.ts";
import type { TrackOrder, TrackOutcome } from "./order.ts";

export function track(run: TrackRun, control: TaskControl, pool: Pool): Promise<TrackRunResult> {
  const attempt = () => ({ assignment: trackAssignment(run) });
  return pool.run({ kind: "track", isUrgent: false, isRemote: false, attempt }, control);
}

function trackAssignment(run: TrackRun): Assignment<TrackRunResult, TrackOrder, TrackOutcome> {
  const { task, mix, publicKey, recipe, testMix } = run;
  const { classes, testRows } = trackTask(task);
  return {
    ...NO_OUTPUTS,
    order: {
      kind: "track",
      task,
      mix: toHex(mix),
      publicKey: toHex(publicKey),
      recipe,
      testMix: testMix === undefined ? null : toHex(testMix),
    },
    inputs: [],
    finish(result) {
      const weights = fromHex(result.weights);
      if ((result.test === null) !== (testMix === undefined)) {
        throw breach("a track result with a test that nobody asked for, or without one");
      }
      if (result.test === null) return { weights, test: undefined };
      const { confusion, outputs } = result.test;
      const counted = confusion.reduce((sum, count) => sum + count, 0);
      if (confusion.length !== classes ** 2 || counted !== testRows) {
        throw breach(`a test of ${counted} rows in ${confusion.length} counts`);
      }
      return {
        weights,
        test: { confusion: Uint32Array.from(confusion), outputs: fromHex(outputs) },
      };
    },
  };
}
