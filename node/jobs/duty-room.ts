/** Room for what a duty of a job brings to this disk: looked for before its first byte is fetched. */
import type { StorageKind } from "../storage/kinds.ts";
import type { Reservation, Room } from "../storage/room.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** Bytes at most. */
export type RoomNeeds = Partial<Readonly<Record<StorageKind, number>>>;

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
