/** Room for what a duty of a job brings to this disk: looked for before its first byte is fetched. */
import { hasCommitted } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { isAuditable, SEGMENTS } from "../../chain/workload/train/segments.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { maxCheckpointBytes } from "../../ml/audit/checkpoint.ts";
import { updateBytes } from "../../ml/federation/update-codec.ts";
import type { StorageKind } from "../storage/kinds.ts";
import type { Reservation, Room } from "../storage/room.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** Bytes at most. */
export type RoomNeeds = Partial<Readonly<Record<StorageKind, number>>>;

/** Of a participant: the parameters it starts from, its update, the states an auditor may ask for. */
export function trainingNeeds({ spec }: Pick<Job, "spec">): RoomNeeds {
  const { parameterCount } = trainSpec(spec);
  return {
    blobs: 4 * parameterCount + updateBytes(parameterCount),
    checkpoints: runBytes(spec),
  };
}

/** Of all states of a training run that are kept. */
export function runBytes(spec: Job["spec"]): number {
  const train = trainSpec(spec);
  return isAuditable(train) ? SEGMENTS * maxCheckpointBytes(train.parameterCount) : 0;
}

/** Of a member of a team: parameters before and after the round, and every update that was committed to. */
export function mergingNeeds({
  spec,
  participants,
}: Pick<Job, "spec" | "participants">): RoomNeeds {
  const { parameterCount } = trainSpec(spec);
  const updates = participants.filter(hasCommitted).length;
  return { blobs: 2 * 4 * parameterCount + updates * updateBytes(parameterCount) };
}

/** @throws StorageError JOB_DISK_FULL unless there is room for all of it together */
export async function requireRoom(room: Room, needs: RoomNeeds): Promise<void> {
  const held: Reservation[] = [];
  try {
    for (const [kind, bytes] of Object.entries(needs)) {
      held.push(await room.reserve(kind as StorageKind, bytes));
    }
  } finally {
    for (const reservation of held) reservation.release();
  }
}

/** Blocks until a duty that failed is tried again; a disk without room is not asked for every few blocks. */
export function retryBlocks(error: unknown): number {
  return error instanceof StorageError ? 16 : 4;
}

/** Says that a duty failed; one that found no room was declined, and that is no failure. */
export function tellFailure(
  log: Pick<NodeLog, "warn">,
  { what, run, error }: { readonly what: string; readonly run: string; readonly error: unknown },
): void {
  if (error instanceof StorageError) {
    const { message: reason, remedy } = error;
    log.warn("work declined: no room for its files", { run, code: error.code, reason, remedy });
  } else log.warn(what, { run, reason: String(error) });
}
