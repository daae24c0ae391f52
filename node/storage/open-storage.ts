/** Manages the files of jobs in one data directory: how much may be added, what is removed, and the report of both. */

import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import { freeBytes } from "../store/disk-space.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { HOUR_MS, MIB } from "../units.ts";
import { Deletions } from "./deletions.ts";
import type { NeedsChain } from "./file-needs.ts";
import { JobDisk } from "./job-disk.ts";
import { byKind } from "./kinds.ts";
import { type Marks, type StorageReport, storageReport } from "./report.ts";
import { Retention } from "./retention.ts";
import type { RetentionRule } from "./retention-plan.ts";

export interface Storage {
  readonly disk: JobDisk;
  readonly retention: Retention;
  /** The last count; counts first if there is none. */
  report(): Promise<StorageReport>;
  start(): void;
  stop(): Promise<void>;
}

export async function openStorage(
  { dataDir, config }: { readonly dataDir: string; readonly config: StorageSettings },
  {
    chain,
    log,
    clock,
  }: {
    readonly chain: NeedsChain;
    readonly log: NodeLog;
    readonly clock: Pick<Clock, "now" | "monotonic">;
  },
): Promise<Storage> {
  const rule = retentionRule(config);
  const { minFreeBytes, jobsMinFreeBytes, quotaBytes } = marksOf(config);
  const disk = new JobDisk(
    { minFreeBytes: jobsMinFreeBytes, chainMinFreeBytes: minFreeBytes, quotaBytes },
    { log, free: () => freeBytes(dataDir), monotonic: () => clock.monotonic() },
  );
  const deletions = await Deletions.open(dataDir);
  const modules = { chain, disk, deletions, log, now: () => clock.now() };
  const retention = new Retention({ dataDir, rule }, modules);
  disk.onShort((shortBytes) => retention.sweep(shortBytes));
  const report = async (): Promise<StorageReport> => {
    if (retention.last === undefined) await retention.sweep();
    await disk.check();
    if (retention.last === undefined) throw new Error("files of jobs were not counted");
    return storageReport(retention.last, disk.status(), marksOf(config), deletions.last);
  };
  return {
    disk,
    retention,
    report,
    start: () => {
      disk.start();
      retention.start();
    },
    stop: async () => {
      await disk.stop();
      await retention.stop();
    },
  };
}

export type StorageSettings = Pick<Config, "disk" | "jobs" | "quota">;

export function marksOf(config: StorageSettings): Marks {
  const { quotaBytes } = retentionRule(config);
  const { minFreeMib, jobsMinFreeMib } = config.disk;
  return { minFreeBytes: minFreeMib * MIB, jobsMinFreeBytes: jobsMinFreeMib * MIB, quotaBytes };
}

export function retentionRule({ jobs, quota }: StorageSettings): RetentionRule {
  return {
    keepMs: jobs.keepHours * HOUR_MS,
    keepOtherMs: jobs.keepUpdatesHours * HOUR_MS,
    quotaBytes: byKind((kind) => quota[`${kind}Mib`] * MIB),
  };
}
