/** The parts of a node that several groups of routes read; parts for one group are declared in its own file. */
import type { State } from "../../../chain/state/state.ts";
import type { CertifiedBlock } from "../../../chain/types/block.ts";
import type { JobArchive } from "../../chain/job-archive.ts";
import type { TransactionStatus } from "../../chain/transaction-status.ts";
import type { ImportTasks } from "../../datasets/import-tasks.ts";
import type { UploadStore } from "../../datasets/upload-store.ts";
import type { RecordedRound } from "../../jobs/job-records.ts";
import type { Page, Pages } from "../../pages.ts";
import type { NodeStatus } from "../../status/node-status.ts";

export interface StateView {
  /** The state after the last final block; read only. */
  state(): State;
}

export interface StatusView {
  status(): NodeStatus;
}

export interface BlockView {
  block(at: number | Uint8Array): Promise<CertifiedBlock | undefined>;
}

export interface TransactionView {
  transaction(id: Uint8Array): Promise<TransactionStatus | undefined>;
}

export interface JobView {
  /** All jobs of the chain, settled or not, as far as this node has them. */
  readonly jobs: Pick<JobArchive, "find" | "at" | "between">;
}

export interface RecordView {
  /**
   * Recorded rounds of a job, oldest first; empty for a job without any. Ends early after much reading.
   * @param page rounds from `from` on, at most `limit`
   */
  jobRecords(id: Uint8Array, page: Page): Promise<Pages<RecordedRound>>;
}

/** Files uploaded by clients. */
export interface UploadView {
  readonly uploads: UploadStore;
}

/** The imports that make datasets of them. */
export interface ImportView {
  readonly imports: ImportTasks;
}
