/** The largest room that the duties of a training job need on this disk. */
import { hasCommitted } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { isAuditable, SEGMENTS } from "../../../chain/workload/train/segments.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { stateBytes } from "../../../ml/federation/server-state.ts";
import { strategyOf } from "../../../ml/federation/strategy.ts";
import { updateBytes } from "../../../ml/federation/update-codec.ts";
import { maxCheckpointBytes } from "../../../ml/training/checkpoint.ts";
import type { RoomNeeds } from "../duty-room.ts";

/** For a participant: the parameters from which it starts, its update, and the states that an auditor may request. */
export function trainingNeeds({ spec }: Pick<Job, "spec">): RoomNeeds {
  const { parameterCount } = trainSpec(spec);
  return {
    blobs: 4 * parameterCount + updateBytes(parameterCount),
    checkpoints: runBytes(spec),
  };
}

/** For all states of a training run that are kept. */
export function runBytes(spec: Job["spec"]): number {
  const train = trainSpec(spec);
  return isAuditable(train) ? SEGMENTS * maxCheckpointBytes(train.parameterCount) : 0;
}

/**
 * For a member of a team: the parameters before and after the round, what the aggregation keeps before and after it, and
 * every committed update.
 */
export function mergingNeeds({
  spec,
  participants,
}: Pick<Job, "spec" | "participants">): RoomNeeds {
  const { parameterCount, aggregation } = trainSpec(spec);
  const vectors = strategyOf(aggregation).initial.length;
  const state = vectors === 0 ? 0 : stateBytes({ vectors, parameterCount });
  const updates = participants.filter(hasCommitted).length;
  return { blobs: 2 * (4 * parameterCount + state) + updates * updateBytes(parameterCount) };
}
