/** Into how many parts a training run is divided for its audit. */
import { JOB_ENGINES, type TrainSpec } from "../../types/train.ts";
import { runSteps } from "./price.ts";

/** States are hashed at so many boundaries, or at fewer if there are fewer steps. */
export const SEGMENTS = 16;

/** @param samples sample steps of the run: rows x epochs */
export function segmentCount(
  spec: Pick<TrainSpec, "localEpochs" | "batchSize">,
  samples: number,
): number {
  return Math.min(SEGMENTS, runSteps(spec, samples));
}

/** With more parameters, a state (parameters and two optimizer values each) is too large to send as one blob. */
const MAX_AUDITED_PARAMETERS = 20_000_000;

/** Only a replay with the exact engine gives equal bits. */
export function isAuditable(spec: Pick<TrainSpec, "engine" | "parameterCount">): boolean {
  return JOB_ENGINES[spec.engine] === "exact" && spec.parameterCount <= MAX_AUDITED_PARAMETERS;
}
