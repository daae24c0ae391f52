import { JOB_ENGINES, type TrainSpec } from "../../../chain/types/train.ts";
import type { EngineName } from "../../../ml/engine.ts";

/** @throws RangeError for an engine that the list does not have; the chain refuses those */
export function engineOf(spec: Pick<TrainSpec, "engine">): EngineName {
  const engine = JOB_ENGINES[spec.engine];
  if (engine === undefined) throw new RangeError(`no engine ${spec.engine}`);
  return engine;
}
