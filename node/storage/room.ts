/** Room for files of jobs on the disk: it is asked for before the first byte is fetched or written. */
import type { StorageKind } from "./kinds.ts";

export interface Room {
  /**
   * Holds room for files that are about to come.
   * @param bytes how many there can be at most
   * @throws StorageError JOB_DISK_FULL
   */
  reserve(kind: StorageKind, bytes: number): Promise<Reservation>;
}

/** Room that is held; end it with `release`. */
export interface Reservation {
  /** Fires with a StorageError when other programs took the disk meanwhile: what is being written must stop. */
  readonly signal: AbortSignal;
  /** So many of the bytes are on the disk now: to be called after they were written, not before. */
  wrote(bytes: number): void;
  /** Gives back what was not written. */
  release(): void;
}

/** Refuses nothing: for stores that are no job's, and for tests. */
export const UNBOUNDED: Room = {
  reserve: async () => ({
    signal: new AbortController().signal,
    wrote: () => {},
    release: () => {},
  }),
};

/**
 * Holds room while `work` writes.
 * @param work tells `wrote` what it put on the disk
 * @throws StorageError JOB_DISK_FULL; what `work` throws
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
