/** Team members share the model of an ended job as a torrent. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import type { Chain } from "../../chain/chain.ts";
import { JobArchive } from "../../chain/job-archive.ts";
import { JobWatch } from "../../chain/job-watch.ts";
import type { Clock } from "../../clock.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { SettledJobs } from "../../store/settled-entries.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import { tellFailure } from "../duty-room.ts";
import { hasModel } from "../job-outcome.ts";
import { type ModelFilesModules, readModelFiles } from "./model-files.ts";
import type { ModelFolders } from "./model-folders.ts";

export interface PublisherModules {
  readonly chain: Pick<Chain, "state" | "height" | "onBlock"> & {
    readonly store: { readonly settled: Pick<SettledJobs, "summaries" | "job" | "indexOf"> };
  };
  readonly fetcher: Pick<BlobFetcher, "fetch">;
  readonly models: Pick<ModelFolders, "isShared" | "share">;
  readonly opener: ModelFilesModules["opener"];
  readonly clock: Pick<Clock, "timeout">;
  readonly log: NodeLog;
}

const FETCH_MS = 120_000;
/** Models of jobs that were settled longer ago are not shared again after a restart. */
const RECENT_MS = 3_600_000;
/** So many of the newest jobs are checked then. */
const MAX_RESUMED = 16_384;

export class ModelPublisher {
  readonly #publicKey: Uint8Array;
  readonly #modules: PublisherModules;
  readonly #flights: SingleFlight;
  readonly #jobs: JobWatch;
  #hasResumed = false;

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: PublisherModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#jobs = new JobWatch(modules.chain);
    this.#flights = new SingleFlight((key, error) => {
      tellFailure(modules.log, { what: "the model could not be shared", run: key, error });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const changed = this.#jobs.take();
    if (state.nodeIndex(this.#publicKey) === undefined) return;
    if (!this.#hasResumed) {
      this.#hasResumed = true;
      this.#flights.start("resume", (signal) => this.#resume(signal));
    }
    for (const [, job] of changed) this.#look(job);
  }

  /** After a restart: shares again the models that this node shared before. */
  async #resume(signal: AbortSignal): Promise<void> {
    const { chain } = this.#modules;
    const archive = new JobArchive(chain);
    const { length } = chain.state.jobs;
    const from = Math.max(0, length - MAX_RESUMED);
    for await (const [index, { closedAt }] of chain.store.settled.summaries(from, length)) {
      if (signal.aborted) return;
      const job = closedAt < this.#recent ? undefined : await archive.at(index);
      if (job !== undefined) this.#look(job);
    }
  }

  get #recent(): number {
    const { height, parameters } = this.#modules.chain.state;
    return height - RECENT_MS / parameters.blockIntervalMs;
  }

  #look(job: Job): void {
    const node = this.#modules.chain.state.nodeIndex(this.#publicKey);
    if (phaseOf(job) !== "settled" || job.closedAt < this.#recent) return;
    if (node === undefined || !hasModel(job) || !job.team.includes(node)) return;
    const key = toHex(job.id);
    if (this.#modules.models.isShared(key)) return;
    this.#flights.start(key, () => this.#publish(key, job));
  }

  stop(): void {
    this.#flights.stop();
  }

  async #publish(key: string, job: Job): Promise<void> {
    const { models, log } = this.#modules;
    const files = await readModelFiles(job, this.#modules, this.#modules.clock.timeout(FETCH_MS));
    const { infoHash } = await models.share(key, files);
    log.info("model shared", { job: key, infoHash: toHex(infoHash) });
  }
}
