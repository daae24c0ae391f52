import { fromHex } from "../../../../chain/crypto/hash.ts";
import { startCoreShare } from "../../../../ml/baseline/core-share.ts";
import { runLane } from "../../../../ml/baseline/lane.ts";
import { encodeCheckpoint } from "../../../../ml/training/checkpoint.ts";
import type { RunTask } from "../context.ts";
import type { BaselineOrder, BaselineOutcome } from "./order.ts";

/** @throws the signal's reason */
export const runBaseline: RunTask<BaselineOrder, BaselineOutcome> = async (
  { task, seed, stepsPerSegment, maxSegments },
  { trainers, clock, meter, context },
) => {
  const { signal, end, onProgress, output } = context;
  const engine = await trainers.engine("exact");
  const share = startCoreShare(meter);
  let sent: Promise<void> = Promise.resolve();
  const lane = runLane(
    { task, seed: fromHex(seed), stepsPerSegment, maxSegments },
    {
      engine,
      clock,
      signal: AbortSignal.any([signal, end]),
      onCheckpoint: (index, state) => {
        const bytes = encodeCheckpoint(state);
        sent = sent.then(() => output("state", index, bytes));
      },
    },
  );
  let turn = await lane.next();
  for (; turn.done !== true; turn = await lane.next()) {
    onProgress({ step: turn.value.segments, steps: maxSegments, loss: undefined });
    await sent;
  }
  await sent;
  signal.throwIfAborted();
  return { kind: "baseline", segments: turn.value.segments, coreShare: share() };
};
