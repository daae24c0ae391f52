/** The files of jobs of a stopped node: looked at, nothing of it changed. */
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
 * Counts what lies there, also what the node will remove when it is started; `until` says when it may.
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
    // Nothing is old yet at the time of the oldest file, so all of them are told as they lie there.
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
