/** Follows the jobs of a chain at a cost in proportion to the number of changes. */
import type { Job } from "../../chain/types/job.ts";
import type { Chain } from "./chain.ts";

export class JobWatch {
  /** The jobs after their last change, by index. */
  #changed: Map<number, Job>;

  constructor(chain: Pick<Chain, "state" | "onBlock">) {
    this.#changed = new Map(chain.state.jobs.activeEntries());
    chain.onBlock(({ jobs }) => {
      for (const [index, job] of jobs) this.#changed.set(index, job);
    });
  }

  /** The jobs that changed since the last call, in order; the first call returns all current jobs. */
  take(): [index: number, job: Job][] {
    const changed = [...this.#changed].sort(([a], [b]) => a - b);
    this.#changed = new Map();
    return changed;
  }
}
