/** Into how many parts a training run is cut for its audit. */
import { JOB_ENGINES, type TrainSpec } from "../../types/train.ts";
import { runSteps } from "./price.ts";

/** States are hashed at so many boundaries; fewer where there are fewer steps. */
export const SEGMENTS = 16;

/** @param samples sample steps of the run: rows x epochs */
export function segmentCount(
  spec: Pick<TrainSpec, "localEpochs" | "batchSize">,
  samples: number,
): number {
  return Math.min(SEGMENTS, runSteps(spec, samples));
}

/** A larger model's states, parameters and two optimizer values each, do not travel as one blob. */
export const MAX_AUDITED_PARAMETERS = 20_000_000;

/** Only the exact engine gives equal bits to whoever replays a step. */
export function isAuditable(spec: Pick<TrainSpec, "engine" | "parameterCount">): boolean {
  return JOB_ENGINES[spec.engine] === "exact" && spec.parameterCount <= MAX_AUDITED_PARAMETERS;
}
