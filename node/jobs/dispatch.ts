/** After each block: the jobs in which this node has a part, to the services of their kind of work. */
import type { State } from "../../chain/state/state.ts";
import { JOB_KINDS, type Job, type JobKind } from "../../chain/types/job.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import { type OnBlock, tellEach } from "../on-block.ts";
import type { NodeLog } from "../telemetry/log.ts";

/** Does one thing for jobs of one kind, and ends what it began when the node stops. */
export interface JobService {
  /**
   * @param jobs of its kind, not settled, that name this node in team, participants or audits
   * @param node index of this node
   */
  onJobs(jobs: readonly Job[], node: number): void;
  stop(): void;
}

export interface DispatchModules {
  readonly chain: { readonly state: Pick<State, "jobs" | "nodeIndex"> };
  /** In the order in which they are told. */
  readonly services: Readonly<Record<JobKind, readonly JobService[]>>;
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
    for (const kind of JOB_KINDS) {
      const own = jobs.filter(({ spec }) => jobKindOf(spec) === kind);
      tellEach(services[kind], (service) => service.onJobs(own, node), log);
    }
  }

  stop(): void {
    for (const services of Object.values(this.#modules.services)) {
      for (const service of services.toReversed()) service.stop();
    }
  }
}
