/** The records of settled jobs of a chain in memory, as a node keeps them on its disk. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import { isUnsettled, type Job } from "../../chain/types/job.ts";
import { workloadOf } from "../../chain/workload/workloads.ts";
import { JobArchive } from "../../node/chain/job-archive.ts";
import type { SettledJobs, SettledSummary } from "../../node/store/settled-entries.ts";

export class MemorySettledJobs implements Pick<SettledJobs, "job" | "indexOf" | "summaries"> {
  readonly #jobs = new Map<number, Job>();
  readonly #indexes = new Map<string, number>();

  /** Of a state that is not absorbed yet. */
  add(state: State): void {
    for (const [index, job] of state.changes().jobs) {
      if (isUnsettled(job)) continue;
      this.#jobs.set(index, job);
      this.#indexes.set(toHex(job.id), index);
    }
  }

  /** As on a node that started from a snapshot and has not replayed the block that settled it. */
  forget(index: number): void {
    this.#jobs.delete(index);
  }

  get(index: number): Job | undefined {
    return this.#jobs.get(index);
  }

  find(id: Uint8Array): Job | undefined {
    return this.#jobs.get(this.#indexes.get(toHex(id)) ?? -1);
  }

  async job(index: number): Promise<Job | undefined> {
    return this.#jobs.get(index);
  }

  async indexOf(id: Uint8Array): Promise<number | undefined> {
    return this.#indexes.get(toHex(id));
  }

  async *summaries(from: number, end: number): AsyncIterable<[number, SettledSummary]> {
    for (const [index, job] of [...this.#jobs].reverse()) {
      const { id, closedAt, spec } = job;
      if (index < from || index >= end) continue;
      yield [index, { id, closedAt, files: [...workloadOf(spec).files(job)] }];
    }
  }
}

export interface WithSettled {
  readonly head: { readonly state: State };
  readonly settled: MemorySettledJobs;
}

/** The newest state, and a store with the settled jobs. */
export function viewOf(chain: WithSettled) {
  return {
    get state() {
      return chain.head.state;
    },
    store: { settled: chain.settled },
  };
}

/** All jobs of a chain, as a node reads them. */
export function archiveOf(chain: WithSettled): JobArchive {
  return new JobArchive(viewOf(chain));
}
