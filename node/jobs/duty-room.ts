/** Room on this disk for the data of a duty; it is checked before the first byte is fetched. */
import type { StorageKind } from "../storage/kinds.ts";
import type { Reservation, Room } from "../storage/room.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** The largest number of bytes. */
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

/** Number of blocks until a failed duty is tried again; longer when the disk has no room. */
export function retryBlocks(error: unknown): number {
  return error instanceof StorageError ? 16 : 4;
}

/** Logs that a duty failed. A duty without room was declined, which is no failure. */
export function tellFailure(
  log: Pick<NodeLog, "warn">,
  { what, run, error }: { readonly what: string; readonly run: string; readonly error: unknown },
): void {
  if (error instanceof StorageError) {
    const { message: reason, remedy } = error;
    log.warn("work declined: no room for its files", { run, code: error.code, reason, remedy });
  } else log.warn(what, { run, reason: String(error) });
}
