import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { recipeFault, trackTask } from "../../../../chain/track/task.ts";
import { runTrack } from "../../../../ml/track/run.ts";
import { badTask } from "../../worker-error.ts";
import type { RunTask } from "../context.ts";
import type { TrackOrder, TrackOutcome } from "./order.ts";

/** @throws WorkerError BAD_TASK; TrainingError; the signal's reason */
export const runTrackTask: RunTask<TrackOrder, TrackOutcome> = async (
  { task, recipe, mix, publicKey, testMix },
  { trainers, clock, context },
) => {
  const { signal, onProgress } = context;
  const fault = recipeFault(trackTask(task), recipe);
  if (fault !== undefined) throw badTask(fault.field, fault.reason);
  const run = runTrack(
    {
      task,
      recipe,
      mix: fromHex(mix),
      publicKey: fromHex(publicKey),
      testMix: testMix === null ? undefined : fromHex(testMix),
    },
    {
      engine: await trainers.engine("exact"),
      clock: { now: () => clock.monotonic() },
      signal,
    },
  );
  let turn = await run.next();
  for (; turn.done !== true; turn = await run.next()) onProgress(turn.value);
  const { weights, test } = turn.value;
  return {
    kind: "track",
    weights: toHex(weights),
    test:
      test === undefined
        ? null
        : { confusion: Array.from(test.confusion), outputs: toHex(test.outputs) },
  };
};
