/** All jobs of the chain: current ones from the state, settled ones from the disk. */
import { setImmediate as pause } from "node:timers/promises";
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { Job } from "../../chain/types/job.ts";
import type { SettledJobs } from "../store/settled-entries.ts";
import { StoreError } from "../store/store-error.ts";

export interface FoundJob {
  /** Its index among all jobs of the chain. */
  readonly index: number;
  readonly job: Job;
}

/** The parts of a chain that this class needs. */
export interface ArchiveChain {
  readonly state: State;
  readonly store: { readonly settled: Pick<SettledJobs, "job" | "indexOf"> };
}

function whereDamaged(error: unknown): undefined {
  if (!(error instanceof StoreError) || error.code !== "DAMAGED_STORE") throw error;
}

/** Number of records that are decoded before other work gets its turn. */
const PER_TURN = 16;

export class JobArchive {
  readonly #chain: ArchiveChain;

  constructor(chain: ArchiveChain) {
    this.#chain = chain;
  }

  /** @throws StoreError DAMAGED_STORE */
  async find(id: Uint8Array): Promise<FoundJob | undefined> {
    const { store } = this.#chain;
    const index = this.#chain.state.jobIndex(id) ?? (await store.settled.indexOf(id));
    const job = index === undefined ? undefined : await this.at(index);
    if (index === undefined || job === undefined || !equalBytes(job.id, id)) return undefined;
    return { index, job };
  }

  /**
   * @returns undefined when there is no such job, or when this node has not replayed the block that settled it
   * @throws StoreError DAMAGED_STORE
   */
  async at(index: number): Promise<Job | undefined> {
    return this.#chain.state.jobs.get(index) ?? this.#chain.store.settled.job(index);
  }

  /** From `newest` down to `oldest`; missing or damaged jobs are left out. */
  async *between(newest: number, oldest: number): AsyncGenerator<FoundJob> {
    for (let index = newest; index >= oldest; index--) {
      const job = await this.at(index).catch(whereDamaged);
      if (job !== undefined) yield { index, job };
      if ((newest - index) % PER_TURN === PER_TURN - 1) await pause();
    }
  }
}
