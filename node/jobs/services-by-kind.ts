/** Passes jobs to the services of their kind of work. */
import { JOB_KINDS, type Job, type JobKind } from "../../chain/types/job.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import { tellEach } from "../on-block.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { JobService } from "./dispatch.ts";

export class ServicesByKind implements JobService {
  readonly #services: Readonly<Record<JobKind, readonly JobService[]>>;
  readonly #log: Pick<NodeLog, "error">;

  /** @param services by kind, in the order in which they are called */
  constructor(
    services: Readonly<Record<JobKind, readonly JobService[]>>,
    log: Pick<NodeLog, "error">,
  ) {
    this.#services = services;
    this.#log = log;
  }

  onJobs(jobs: readonly Job[], node: number): void {
    for (const kind of JOB_KINDS) {
      const own = jobs.filter(({ spec }) => jobKindOf(spec) === kind);
      tellEach(this.#services[kind], (service) => service.onJobs(own, node), this.#log);
    }
  }

  stop(): void {
    for (const services of Object.values(this.#services)) {
      for (const service of services.toReversed()) service.stop();
    }
  }
}
