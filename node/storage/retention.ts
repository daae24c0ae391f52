/**
 * Removes files of past jobs from this node's disk, by the rule in retention-plan.ts. It never removes a file of an
 * unsettled job, or a dataset that the owner imported; the log says what was removed and why.
 */

import type { NodeLog } from "../telemetry/log.ts";
import { HOUR_MS } from "../units.ts";
import type { Deletions } from "./deletions.ts";
import { fileNeeds, type NeedsChain } from "./file-needs.ts";
import type { JobDisk } from "./job-disk.ts";
import { type ByKind, byKind, STORAGE_KINDS, type StorageKind } from "./kinds.ts";
import {
  type KeptKind,
  planRetention,
  type Removal,
  type RemovalReason,
  type RetentionPlan,
  type RetentionRule,
  type StoredFile,
} from "./retention-plan.ts";
import { mebibytes } from "./storage-error.ts";
import { importedDatasets, storedFiles } from "./stored-files.ts";

export interface RetentionModules {
  readonly chain: NeedsChain;
  readonly disk: Pick<JobDisk, "beginCount">;
  readonly deletions: Deletions;
  readonly log: NodeLog;
  now(): number;
}

/** How to remove a file of a kind, together with what else refers to it. */
export type Removers = Partial<ByKind<(file: StoredFile) => Promise<void>>>;

/** The result of the last check. */
export interface Look {
  /** Unix milliseconds. */
  readonly at: number;
  readonly kept: ByKind<KeptKind>;
}

const SWEEP_MS = 60_000;
/** A check may take at most one part in so many of the time. */
const IDLE_FACTOR = 20;

export class Retention {
  readonly #dataDir: string;
  readonly #rule: RetentionRule;
  readonly #modules: RetentionModules;
  readonly #isOver = byKind(() => false);
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #last: Look | undefined;
  #removers: Removers = {};

  constructor(
    { dataDir, rule }: { readonly dataDir: string; readonly rule: RetentionRule },
    modules: RetentionModules,
  ) {
    this.#dataDir = dataDir;
    this.#rule = rule;
    this.#modules = modules;
  }

  /** Sets the functions that remove files; before that none are removed. */
  removeWith(removers: Removers): void {
    this.#removers = removers;
  }

  get last(): Look | undefined {
    return this.#last;
  }

  start(sweepMs: number = SWEEP_MS): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      void this.#sweepAndRest();
    }, sweepMs);
  }

  async #sweepAndRest(): Promise<void> {
    const begin = performance.now();
    try {
      await this.sweep();
    } catch (error) {
      this.#modules.log.warn("could not look through files of jobs", { reason: String(error) });
    }
    this.start(Math.max(SWEEP_MS, IDLE_FACTOR * (performance.now() - begin)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping.catch(() => {});
  }

  /**
   * Checks once and removes what may go; one check at a time.
   * @param shortBytes to free in addition, ahead of time
   */
  sweep(shortBytes = 0): Promise<RetentionPlan> {
    const sweep = this.#sweeping.catch(() => {}).then(() => this.#sweep(shortBytes));
    this.#sweeping = sweep;
    return sweep;
  }

  async #sweep(shortBytes: number): Promise<RetentionPlan> {
    const { chain, disk, deletions, now, log } = this.#modules;
    const count = disk.beginCount();
    const files = await storedFiles(this.#dataDir);
    // After the files: files written meanwhile are not among them.
    const needs = await fileNeeds(chain, files, await importedDatasets(this.#dataDir));
    const planned = planRetention(files, needs, this.#rule, { now: now(), shortBytes });
    const plan = await this.#carryOut(planned);
    count(byKind((kind) => plan.kept[kind].bytes));
    this.#last = { at: now(), kept: plan.kept };
    await deletions.add(plan.removals, now()).catch((error: unknown) => {
      log.warn("could not note what was deleted", { reason: String(error) });
    });
    this.#tell(plan);
    return plan;
  }

  /** A file that cannot be removed stays, and does not keep others from being removed. */
  async #carryOut({ removals, kept }: RetentionPlan): Promise<RetentionPlan> {
    const gone: Removal[] = [];
    const files = byKind(() => 0);
    const bytes = byKind(() => 0);
    let failure: { readonly name: string; readonly reason: string } | undefined;
    for (const removal of removals) {
      const { file } = removal;
      const remove = this.#removers[file.kind];
      try {
        if (remove !== undefined) {
          await remove(file);
          gone.push(removal);
          continue;
        }
      } catch (error) {
        failure ??= { name: file.name, reason: String(error) };
      }
      files[file.kind] += file.files;
      bytes[file.kind] += file.bytes;
    }
    if (failure !== undefined) {
      this.#modules.log.warn("files of jobs could not be removed", {
        files: STORAGE_KINDS.reduce((sum, kind) => sum + files[kind], 0),
        first: failure.name,
        reason: failure.reason,
      });
    }
    const stays = byKind((kind) => ({
      ...kept[kind],
      files: kept[kind].files + files[kind],
      bytes: kept[kind].bytes + bytes[kind],
    }));
    return { removals: gone, kept: stays };
  }

  #tell({ removals, kept }: RetentionPlan): void {
    const { log } = this.#modules;
    for (const kind of STORAGE_KINDS) {
      const ofKind = removals.filter(({ file }) => file.kind === kind);
      for (const reason of new Set(ofKind.map((removal) => removal.reason))) {
        const gone = ofKind.filter((removal) => removal.reason === reason);
        const jobs = new Set(gone.flatMap(({ job }) => job ?? []));
        log.info("files of jobs removed", {
          kind,
          why: this.#why(kind, reason),
          files: gone.reduce((sum, { file }) => sum + file.files, 0),
          mib: mebibytes(gone.reduce((sum, { file }) => sum + file.bytes, 0)),
          ...(jobs.size === 0 ? {} : { jobs: jobs.size, first: [...jobs][0] }),
        });
      }
      this.#warn(kind, kept[kind].bytes);
    }
  }

  #why(kind: StorageKind, reason: RemovalReason): string {
    const { quotaBytes, keepMs, keepOtherMs } = this.#rule;
    switch (reason) {
      case "old":
        return `belonging to no open job and older than ${hours(keepOtherMs)} h`;
      case "settled-long-ago":
        return `of jobs settled more than ${hours(keepMs)} h ago`;
      case "over-quota":
        return `${kind} were over their quota of ${mebibytes(quotaBytes[kind])} MiB`;
      case "low-disk":
        return "the disk has less room than files of jobs must leave to the chain";
    }
  }

  #warn(kind: StorageKind, bytes: number): void {
    const quotaBytes = this.#rule.quotaBytes[kind];
    const isOver = bytes > quotaBytes;
    if (isOver && !this.#isOver[kind]) {
      this.#modules.log.warn("files that are needed exceed their quota; none of them is removed", {
        kind,
        mib: mebibytes(bytes),
        quotaMib: mebibytes(quotaBytes),
      });
    }
    this.#isOver[kind] = isOver;
  }
}

function hours(ms: number): number {
  return Math.round(ms / HOUR_MS);
}
