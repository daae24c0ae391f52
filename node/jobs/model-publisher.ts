/** Team members share the model of an ended job as a torrent. */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import type { Chain } from "../chain/chain.ts";
import { JobWatch } from "../chain/job-watch.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { tellFailure } from "./duty-room.ts";
import { hasModel } from "./job-outcome.ts";
import { type ModelFilesModules, readModelFiles } from "./model-files.ts";
import type { ModelFolders } from "./model-folders.ts";

export interface PublisherModules {
  readonly chain: Chain;
  readonly fetcher: BlobFetcher;
  readonly models: ModelFolders;
  readonly opener: ModelFilesModules["opener"];
  readonly log: NodeLog;
}

const FETCH_MS = 120_000;
/** Models of jobs that were settled longer ago are not shared anew after a restart. */
const RECENT_MS = 3_600_000;

export class ModelPublisher {
  readonly #publicKey: Uint8Array;
  readonly #modules: PublisherModules;
  readonly #flights: SingleFlight;
  readonly #jobs = new JobWatch();

  constructor({ publicKey }: { publicKey: Uint8Array }, modules: PublisherModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      tellFailure(modules.log, { what: "the model could not be shared", run: key, error });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const node = state.nodeIndex(this.#publicKey);
    if (node === undefined) return;
    const recent = state.height - RECENT_MS / state.parameters.blockIntervalMs;
    for (const [, job] of this.#jobs.look(state)) {
      if (phaseOf(job) !== "settled" || job.closedAt < recent) continue;
      if (hasModel(job) && job.team.includes(node)) {
        const key = toHex(job.id);
        if (this.#modules.models.isShared(key)) continue;
        this.#flights.start(key, () => this.#publish(key, job));
      }
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #publish(key: string, job: Job): Promise<void> {
    const { models, log } = this.#modules;
    const files = await readModelFiles(job, this.#modules, AbortSignal.timeout(FETCH_MS));
    const { infoHash } = await models.share(key, files);
    log.info("model shared", { job: key, infoHash: toHex(infoHash) });
  }
}
