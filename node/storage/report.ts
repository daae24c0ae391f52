/** The report of `poml storage` for a running or a stopped node. */
import type { Deletion } from "./deletions.ts";
import type { RoomStatus } from "./job-disk.ts";
import { type ByKind, STORAGE_KINDS, type StorageKind } from "./kinds.ts";
import type { Look } from "./retention.ts";
import type { KeptFile } from "./retention-plan.ts";

export interface KindReport {
  readonly kind: StorageKind;
  readonly files: number;
  readonly bytes: number;
  /** The part of `bytes` that no rule removes. */
  readonly neededBytes: number;
  /** Reserved for data that is being fetched or written, and not there yet. */
  readonly heldBytes: number;
  readonly quotaBytes: number;
  readonly oldest: KeptFile | undefined;
}

export interface StorageReport {
  /** Time of the count in Unix milliseconds; free space was measured then or later. */
  readonly countedAt: number;
  readonly freeBytes: number;
  /** Room that the chain, and files of jobs, must leave on the disk. */
  readonly minFreeBytes: number;
  readonly jobsMinFreeBytes: number;
  /** False: files of jobs are not accepted. */
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
