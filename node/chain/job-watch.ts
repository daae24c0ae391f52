/** Follows the jobs of a chain at the price of those that change. */
import type { Job } from "../../chain/types/job.ts";
import type { Chain } from "./chain.ts";

export class JobWatch {
  /** As they were after their last change, by index. */
  #changed: Map<number, Job>;

  constructor(chain: Pick<Chain, "state" | "onBlock">) {
    this.#changed = new Map(chain.state.jobs.activeEntries());
    chain.onBlock(({ jobs }) => {
      for (const [index, job] of jobs) this.#changed.set(index, job);
    });
  }

  /** The jobs that changed since the last call, in order; at first all that are under way. */
  take(): [index: number, job: Job][] {
    const changed = [...this.#changed].sort(([a], [b]) => a - b);
    this.#changed = new Map();
    return changed;
  }
}
