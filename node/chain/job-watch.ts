/** Follows all jobs of a chain at the price of the open ones: of a settled job nothing changes any more. */
import { phaseOf } from "../../chain/job/phase.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";

export class JobWatch {
  /** Not settled when they were last looked at, by index. */
  readonly #open = new Set<number>();
  #seen = 0;

  /** The jobs that may have changed since the last call, in order: each once after it was settled. */
  look({ jobs }: Pick<State, "jobs">): [index: number, job: Job][] {
    while (this.#seen < jobs.length) this.#open.add(this.#seen++);
    const changed = Array.from(this.#open, (index): [number, Job] => [index, jobs.at(index)]);
    for (const [index, job] of changed) if (phaseOf(job) === "settled") this.#open.delete(index);
    return changed;
  }
}
