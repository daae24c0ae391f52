/** Reports the files of jobs of a stopped node; changes nothing. */
import type { Head } from "../../chain/head.ts";
import { openOffline } from "../maintenance/offline-store.ts";
import { freeBytes } from "../store/disk-space.ts";
import { readDeletions } from "./deletions.ts";
import { fileNeeds } from "./file-needs.ts";
import { byKind } from "./kinds.ts";
import { marksOf, retentionRule, type StorageSettings } from "./open-storage.ts";
import { type StorageReport, storageReport } from "./report.ts";
import { planRetention } from "./retention-plan.ts";
import { importedDatasets, storedFiles } from "./stored-files.ts";

/**
 * Counts the files that are there, including those that the node will remove when it starts; `until` says when they may
 * go.
 * @param now Unix milliseconds
 * @throws StoreError as openOffline
 */
export async function offlineReport(
  dataDir: string,
  genesis: Head,
  settings: StorageSettings,
  now: number,
): Promise<StorageReport> {
  const store = await openOffline(dataDir, genesis);
  try {
    const files = await storedFiles(dataDir);
    const chain = { state: await store.state(), store };
    const needs = await fileNeeds(chain, files, await importedDatasets(dataDir));
    // No file is old at the time of the oldest one, so all of them are listed.
    const rule = { ...retentionRule(settings), quotaBytes: byKind(() => Number.POSITIVE_INFINITY) };
    const { kept } = planRetention(files, needs, rule, { now: 0 });
    const marks = marksOf(settings);
    const free = await freeBytes(dataDir);
    const hasRoom = free >= marks.jobsMinFreeBytes;
    const room = { hasRoom, freeBytes: free, heldBytes: byKind(() => 0) };
    return storageReport({ at: now, kept }, room, marks, await readDeletions(dataDir));
  } finally {
    await store.close();
  }
}
