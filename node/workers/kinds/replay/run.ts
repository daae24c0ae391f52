import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { replaySegment } from "../../../../ml/baseline/replay.ts";
import type { RunTask } from "../context.ts";
import type { ReplayOrder, ReplayOutcome } from "./order.ts";

/** @throws WorkerError BAD_TASK; CheckpointError; the signal's reason */
export const runReplay: RunTask<ReplayOrder, ReplayOutcome> = async (
  { task, seed, index, stepsPerSegment },
  { inputs, trainers, context },
) => {
  const engine = await trainers.engine("exact");
  const startState = inputs.one("startState").bytes;
  const options = { seed: fromHex(seed), task, index, stepsPerSegment, startState };
  const { end } = await replaySegment(options, { engine, signal: context.signal });
  return { kind: "replay", hash: toHex(end) };
};
