/** After each block, passes the jobs in which this node has a part to the services of jobs. */
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import { type OnBlock, tellEach } from "../on-block.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** A service that does one thing for jobs, and stops all its work when the node stops. */
export interface JobService {
  /**
   * @param jobs unsettled jobs that name this node in team, participants or audits
   * @param node index of this node
   */
  onJobs(jobs: readonly Job[], node: number): void;
  stop(): void;
}

export interface DispatchModules {
  readonly chain: { readonly state: Pick<State, "jobs" | "nodeIndex"> };
  /** In the order in which they are called. */
  readonly services: readonly JobService[];
  readonly log: Pick<NodeLog, "error">;
}

export class JobDispatch implements OnBlock {
  readonly #publicKey: Uint8Array;
  readonly #modules: DispatchModules;

  constructor({ publicKey }: { readonly publicKey: Uint8Array }, modules: DispatchModules) {
    this.#publicKey = publicKey;
    this.#modules = modules;
  }

  onBlock(): void {
    const { chain, services, log } = this.#modules;
    const { state } = chain;
    const node = state.nodeIndex(this.#publicKey);
    if (node === undefined) return;
    const jobs = Array.from(state.jobs.of(node), ([, job]) => job);
    tellEach(services, (service) => service.onJobs(jobs, node), log);
  }

  stop(): void {
    for (const service of this.#modules.services.toReversed()) service.stop();
  }
}
