/** Converts the result of a worker's run of the open track to the form that the chain accepts. */
import type { TrackAnswer } from "../../chain/track/proof.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { TrackRunResult } from "../../ml/track/run.ts";
import { WorkerError } from "../workers/worker-error.ts";

/** Time limit for the training of a track, including time in the queue. */
export const TRACK_RUN_MS = 600_000;

/** The answer of a judge whose training diverged; it matches no possible result. */
export const DIVERGED: TrackAnswer = { weights: ZERO_HASH, counts: [], outputs: ZERO_HASH };

/** @throws RangeError for a run without a test */
export function answerOf({ weights, test }: TrackRunResult): TrackAnswer {
  if (test === undefined) throw new RangeError("a run that was not tested has no answer");
  return { weights, counts: Array.from(test.confusion), outputs: test.outputs };
}

export function isDivergence(error: unknown): boolean {
  const { facts } = error instanceof WorkerError ? error : {};
  return facts?.code === "TASK_FAILED" && facts.reason === "DIVERGED";
}
