/** What `poml storage` shows, of a running node and of a stopped one. */
import type { Deletion } from "./deletions.ts";
import type { RoomStatus } from "./job-disk.ts";
import { type ByKind, STORAGE_KINDS, type StorageKind } from "./kinds.ts";
import type { Look } from "./retention.ts";
import type { KeptFile } from "./retention-plan.ts";

export interface KindReport {
  readonly kind: StorageKind;
  readonly files: number;
  readonly bytes: number;
  /** Those of `bytes` that no rule removes. */
  readonly neededBytes: number;
  /** Promised to what is being fetched or written, and not there yet. */
  readonly heldBytes: number;
  readonly quotaBytes: number;
  readonly oldest: KeptFile | undefined;
}

export interface StorageReport {
  /** Unix milliseconds of the count; free space is of the same time or younger. */
  readonly countedAt: number;
  readonly freeBytes: number;
  /** Room that the chain and files of jobs leave on the disk. */
  readonly minFreeBytes: number;
  readonly jobsMinFreeBytes: number;
  /** False: files of jobs are not taken. */
  readonly hasJobRoom: boolean;
  readonly kinds: readonly KindReport[];
  /** Newest first. */
  readonly deletions: readonly Deletion[];
}

export interface Marks {
  readonly minFreeBytes: number;
  readonly jobsMinFreeBytes: number;
  readonly quotaBytes: ByKind<number>;
}

export function storageReport(
  { at, kept }: Look,
  { hasRoom, freeBytes, heldBytes }: RoomStatus,
  { minFreeBytes, jobsMinFreeBytes, quotaBytes }: Marks,
  deletions: readonly Deletion[],
): StorageReport {
  return {
    countedAt: at,
    freeBytes,
    minFreeBytes,
    jobsMinFreeBytes,
    hasJobRoom: hasRoom,
    kinds: STORAGE_KINDS.map((kind) => ({
      kind,
      ...kept[kind],
      heldBytes: heldBytes[kind],
      quotaBytes: quotaBytes[kind],
    })),
    deletions,
  };
}
