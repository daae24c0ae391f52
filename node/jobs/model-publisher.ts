/** Team members share the model of an ended job as a torrent. */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import type { Chain } from "../chain/chain.ts";
import { JobWatch } from "../chain/job-watch.ts";
import { SingleFlight } from "../single-flight.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { type ModelFilesModules, publishModel } from "./model-files.ts";

export interface PublisherModules extends ModelFilesModules {
  readonly chain: Chain;
  readonly log: NodeLog;
}

const FETCH_MS = 120_000;

export class ModelPublisher {
  readonly #options: { readonly dataDir: string; readonly publicKey: Uint8Array };
  readonly #modules: PublisherModules;
  readonly #flights: SingleFlight;
  readonly #jobs = new JobWatch();

  constructor(options: { dataDir: string; publicKey: Uint8Array }, modules: PublisherModules) {
    this.#options = options;
    this.#modules = modules;
    this.#flights = new SingleFlight((key, error) => {
      modules.log.warn("the model could not be shared", { job: key, reason: String(error) });
    });
  }

  onBlock(): void {
    const { state } = this.#modules.chain;
    const node = state.nodeIndex(this.#options.publicKey);
    if (node === undefined) return;
    for (const [, job] of this.#jobs.look(state)) {
      if (phaseOf(job) !== "settled") continue;
      if (job.credits.some((credit) => credit > 0) && job.team.includes(node)) {
        const key = toHex(job.id);
        this.#flights.start(key, () => this.#publish(key, job));
      }
    }
  }

  stop(): void {
    this.#flights.stop();
  }

  async #publish(key: string, job: Job): Promise<void> {
    const signal = AbortSignal.timeout(FETCH_MS);
    const { infoHash } = await publishModel(this.#options.dataDir, job, this.#modules, signal);
    this.#modules.log.info("model shared", { job: key, infoHash: toHex(infoHash) });
  }
}
