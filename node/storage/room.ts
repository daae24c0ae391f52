/** Room for files of jobs on the disk; it is requested before the first byte is fetched or written. */
import type { StorageKind } from "./kinds.ts";

export interface Room {
  /**
   * Reserves room for files.
   * @param bytes the largest amount
   * @throws StorageError JOB_DISK_FULL
   */
  reserve(kind: StorageKind, bytes: number): Promise<Reservation>;
}

/** Reserved room; end it with `release`. */
export interface Reservation {
  /** Fires with a StorageError when other programs have taken the disk: writing must then stop. */
  readonly signal: AbortSignal;
  /** Records bytes that are on the disk; call it after they were written, not before. */
  wrote(bytes: number): void;
  /** Gives back the room that was not used. */
  release(): void;
}

/** Refuses nothing: for stores that belong to no job, and for tests. */
export const UNBOUNDED: Room = {
  reserve: async () => ({
    signal: new AbortController().signal,
    wrote: () => {},
    release: () => {},
  }),
};

/**
 * Reserves room while `work` writes.
 * @param work tells `wrote` what it put on the disk
 * @throws StorageError JOB_DISK_FULL; any error of `work`
 */
export async function withRoom<T>(
  room: Room,
  kind: StorageKind,
  bytes: number,
  work: (held: Reservation) => Promise<T>,
): Promise<T> {
  const held = await room.reserve(kind, bytes);
  try {
    return await work(held);
  } finally {
    held.release();
  }
}
