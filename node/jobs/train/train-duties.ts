/** What the frame of jobs needs from training on this node. */

import { toHex } from "../../../chain/crypto/hash.ts";
import type { Audit } from "../../../chain/types/audit.ts";
import type { Job, JobRecord, JobSpec, ObjectionReason } from "../../../chain/types/job.ts";
import { trainResult, trainSpec } from "../../../chain/workload/train/train-of.ts";
import type { Turn } from "../../fair-line.ts";
import { MIB } from "../../units.ts";
import { WorkerError } from "../../workers/worker-error.ts";
import type { RoomNeeds } from "../duty-room.ts";
import { JobError } from "../job-error.ts";
import type { KindDuties, MergeControl } from "../kind-duties.ts";
import type { Finding, JudgeOptions } from "../replay-finding.ts";
import type { RoundOutcome } from "../round-outcome.ts";
import type { Asked } from "../round-outcomes.ts";
import { engineOf } from "./job-engine.ts";
import { type JudgeModules, judgeUpdate } from "./judge-update.ts";
import type { MergeOutcome, MergeTask } from "./merge/merge-files.ts";
import { mergingNeeds, trainingNeeds } from "./room-needs.ts";
import { mergeRound, type RoundModules } from "./round-result.ts";

export interface TrainDutiesOptions {
  /** The largest memory that a worker may use for one order. */
  readonly memoryBytes: number;
}

export interface TrainDutiesModules extends JudgeModules, Omit<RoundModules, "merge"> {
  readonly files: JudgeModules["files"] & RoundModules["files"];
  readonly workers: JudgeModules["workers"] & RoundModules["workers"];
  readonly clock: JudgeModules["clock"] & RoundModules["clock"];
  /**
   * Runs outside this thread; jobs take turns, and within a job the members that asked.
   * @throws HelperError
   */
  merge(task: MergeTask, signal: AbortSignal, turn: Turn): Promise<MergeOutcome>;
}

/** A worker answers nobody during a batch, and is given up after a minute. */
const MAX_BATCH_MS = 30_000;

export class TrainDuties implements KindDuties {
  readonly hasStates = true;
  readonly #options: TrainDutiesOptions;
  readonly #modules: TrainDutiesModules;

  constructor(options: TrainDutiesOptions, modules: TrainDutiesModules) {
    this.#options = options;
    this.#modules = modules;
  }

  namesOf(spec: JobSpec): readonly string[] {
    return [`train/${engineOf(trainSpec(spec))}`];
  }

  workNeeds(job: Job): RoomNeeds {
    return trainingNeeds(job);
  }

  mergeNeeds(job: Job): RoomNeeds {
    return mergingNeeds(job);
  }

  async look(job: Job, signal: AbortSignal): Promise<string | undefined> {
    const { memoryBytes } = this.#options;
    const { workerBytes, batchMs = 0 } = await this.#modules.files.order(job, signal);
    if (batchMs > MAX_BATCH_MS) {
      const [seconds, most] = [batchMs, MAX_BATCH_MS].map((ms) => Math.ceil(ms / 1000));
      return `a batch takes ${seconds} s on this machine, at most ${most} can be interrupted in time`;
    }
    if (workerBytes <= memoryBytes) return undefined;
    const [needed, limit] = [workerBytes, memoryBytes].map((bytes) => Math.ceil(bytes / MIB));
    return `a worker would take up to ${needed} MiB, jobs.memoryMib allows ${limit}`;
  }

  objectionTo(error: unknown): ObjectionReason | undefined {
    if (error instanceof JobError && error.facts.code === "ORDER_IMPOSSIBLE") {
      return error.facts.reason;
    }
    const { facts } = error instanceof WorkerError ? error : {};
    return facts?.code === "TASK_FAILED" ? FILE_FAULTS.get(facts.reason) : undefined;
  }

  merge(
    job: Job,
    asked: Asked | undefined,
    { phaseMs, signal }: MergeControl,
  ): Promise<RoundOutcome> {
    const turn = { group: toHex(job.id), member: asked === undefined ? "own" : `${asked.by}` };
    const merge: RoundModules["merge"] = (task, wanted) => this.#modules.merge(task, wanted, turn);
    const only = asked && { only: asked.only };
    return mergeRound(job, { ...only, phaseMs, signal }, { ...this.#modules, merge });
  }

  judge(job: Job, audit: Audit, options: JudgeOptions): Promise<Finding> {
    return judgeUpdate(job, audit, options, this.#modules);
  }

  factsOf(record: JobRecord): Readonly<Record<string, unknown>> {
    return { accuracy: trainResult(record).metrics.accuracy };
  }
}

/** Error codes of a worker whose files had the right hashes but invalid contents. */
const FILE_FAULTS: ReadonlyMap<string, ObjectionReason> = new Map([
  ["CHUNK_FORMAT", "data"],
  ["BAD_TASK", "weights"],
  ["BAD_LABEL", "data"],
  ["OTHER_OPERATIONS", "misfit"],
]);
