/**
 * Removes files of jobs that are over from this node's disk, by the rule in retention-plan.ts. Nothing of a
 * job that is not settled and no dataset the owner imported ever goes; the log says what went and why.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { DatasetService } from "./dataset-service.ts";
import type { ModelFolders } from "./model-folders.ts";
import {
  type FileNeeds,
  planRetention,
  type Removal,
  type RetentionPlan,
  type RetentionRule,
  type SettledFiles,
} from "./retention-plan.ts";

export interface RetentionModules {
  readonly chain: Pick<Chain, "state">;
  readonly blobs: BlobStore;
  readonly datasets: DatasetService;
  readonly models: ModelFolders;
  readonly log: NodeLog;
  now(): number;
}

const SWEEP_MS = 60_000;
/** A sweep may cost this share of the time at most. */
const IDLE_FACTOR = 20;
/** Settled jobs looked through, newest first; older ones are past any time to keep them. */
const MAX_SETTLED = 100_000;

export class Retention {
  readonly #rule: RetentionRule;
  readonly #modules: RetentionModules;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #isOver = false;

  constructor(rule: RetentionRule, modules: RetentionModules) {
    this.#rule = rule;
    this.#modules = modules;
  }

  start(sweepMs: number = SWEEP_MS): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      const begin = performance.now();
      this.#sweeping = this.sweep()
        .catch((error: unknown) => {
          this.#modules.log.warn("could not look through files of jobs", { reason: String(error) });
        })
        .then(() => this.start(Math.max(SWEEP_MS, IDLE_FACTOR * (performance.now() - begin))));
    }, sweepMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  /** Looks once and removes what may go. */
  async sweep(): Promise<RetentionPlan> {
    const { blobs, datasets, models, now } = this.#modules;
    const files = [
      ...(await blobs.files()),
      ...(await datasets.files()),
      ...(await models.files()),
    ];
    // After the files: what was written meanwhile is not among them.
    const needs = this.#needs(await datasets.imported());
    const plan = planRetention(files, needs, this.#rule, now());
    for (const { file } of plan.removals) {
      if (file.kind === "blob") await blobs.removeNamed(file.name);
      else await (file.kind === "dataset" ? datasets : models).remove(file.name);
    }
    this.#tell(plan);
    return plan;
  }

  #needs(imported: readonly string[]): FileNeeds {
    const { state } = this.#modules.chain;
    const needed = new Set(imported);
    const settled: SettledFiles[] = [];
    for (const [, job] of state.jobs.activeEntries()) {
      for (const name of openNames(job)) needed.add(name);
    }
    const oldest = Math.max(0, state.jobs.length - MAX_SETTLED);
    for (let index = oldest; index < state.jobs.length; index++) {
      const job = state.jobs.at(index);
      if (phaseOf(job) !== "settled") continue;
      const since = (state.height - job.closedAt) * state.parameters.blockIntervalMs;
      const settledAt = Number(state.meta.time) - since;
      settled.push({ job: toHex(job.id), settledAt, names: settledNames(job) });
    }
    return { needed, settled };
  }

  #tell({ removals, bytes }: RetentionPlan): void {
    const { log } = this.#modules;
    const { quotaBytes, keepMs, keepOtherMs } = this.#rule;
    const reasons: Readonly<Record<Removal["reason"], string>> = {
      old: `of no open job and older than ${hours(keepOtherMs)} h`,
      "settled-long-ago": `of jobs settled more than ${hours(keepMs)} h ago`,
      "over-quota": `all together were over the quota of ${mebibytes(quotaBytes)} MiB`,
    };
    for (const [reason, why] of Object.entries(reasons)) {
      const gone = removals.filter((removal) => removal.reason === reason);
      if (gone.length === 0) continue;
      const jobs = new Set(gone.flatMap(({ job }) => job ?? []));
      log.info("files of jobs removed", {
        why,
        files: gone.length,
        mib: mebibytes(gone.reduce((sum, { file }) => sum + file.bytes, 0)),
        ...(jobs.size === 0 ? {} : { jobs: jobs.size, first: [...jobs][0] }),
      });
    }
    const isOver = bytes > quotaBytes;
    if (isOver && !this.#isOver) {
      log.warn("files of open jobs and imported datasets are over the quota; nothing may go", {
        mib: mebibytes(bytes),
        quotaMib: mebibytes(quotaBytes),
      });
    }
    this.#isOver = isOver;
  }
}

/** Everything a job under way may still ask for. */
function openNames({ id, spec, parameters, participants, audits }: Job): string[] {
  return [
    id,
    spec.model,
    spec.dataset,
    spec.torrent,
    spec.initialParameters,
    parameters,
    ...participants.map(({ updateHash }) => updateHash),
    ...audits.flatMap((audit) => [audit.parameters, audit.updateHash]),
  ].map(toHex);
}

function settledNames({ id, spec, parameters }: Job): string[] {
  return [id, spec.model, spec.dataset, spec.torrent, parameters].map(toHex);
}

function hours(ms: number): number {
  return Math.round(ms / 3_600_000);
}

function mebibytes(bytes: number): number {
  return Math.round((10 * bytes) / (1024 * 1024)) / 10;
}
