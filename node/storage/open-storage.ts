/** The keeping of files of jobs in one data directory: how much may come, what leaves, what is told of both. */
import type { Chain } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import { freeBytes } from "../store/disk-space.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { Deletions } from "./deletions.ts";
import { JobDisk } from "./job-disk.ts";
import { byKind } from "./kinds.ts";
import { Retention } from "./retention.ts";
import type { RetentionRule } from "./retention-plan.ts";

export interface Storage {
  readonly disk: JobDisk;
  readonly retention: Retention;
  start(): void;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;

export async function openStorage(
  { dataDir, config }: { readonly dataDir: string; readonly config: StorageSettings },
  {
    chain,
    log,
    clock,
  }: {
    readonly chain: Pick<Chain, "state">;
    readonly log: NodeLog;
    readonly clock: Pick<Clock, "now" | "monotonic">;
  },
): Promise<Storage> {
  const rule = retentionRule(config);
  const disk = new JobDisk(
    {
      minFreeBytes: config.disk.jobsMinFreeMib * MIB,
      chainMinFreeBytes: config.disk.minFreeMib * MIB,
      quotaBytes: rule.quotaBytes,
    },
    { log, free: () => freeBytes(dataDir), monotonic: () => clock.monotonic() },
  );
  const deletions = await Deletions.open(dataDir);
  const modules = { chain, disk, deletions, log, now: () => clock.now() };
  const retention = new Retention({ dataDir, rule }, modules);
  disk.onShort((shortBytes) => retention.sweep(shortBytes));
  return {
    disk,
    retention,
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

export function retentionRule({ jobs, quota }: StorageSettings): RetentionRule {
  return {
    keepMs: jobs.keepHours * HOUR_MS,
    keepOtherMs: jobs.keepUpdatesHours * HOUR_MS,
    quotaBytes: byKind((kind) => quota[`${kind}Mib`] * MIB),
  };
}
