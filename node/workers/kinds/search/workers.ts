/** The methods of a worker pool that services for searches use. */
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import type { TaskControl } from "../../task-control.ts";
import type { ClaimsTask, WeighedClaims } from "../claims/task.ts";
import type { DigestsTask } from "../digests/task.ts";
import type { ReplayControl, SearchControl, SearchUnitsResult, SearchUnitsTask } from "./task.ts";

/**
 * The part of a worker pool that searches. `onProgress` of a control reports the nonces hashed (`step`) of all
 * (`steps`). If the module is no algorithm, traps, contradicts itself or does not end, the task fails with TASK_FAILED;
 * its `reason` is the code of an AlgorithmError.
 */
export interface SearchWorkers {
  search(task: SearchUnitsTask, control: SearchControl): Promise<SearchUnitsResult>;
  /** Searches the units of another node's claim (`isReplay`): all of them, on this machine. */
  searchReplay(task: SearchUnitsTask, control: ReplayControl): Promise<readonly UnitResult[]>;
  /** Runs on this machine only. @returns 32 bytes for each nonce, in the order given */
  digests(task: DigestsTask, control: TaskControl): Promise<readonly Uint8Array[]>;
  /**
   * Reads a file of claims and hashes the nonces that it names; stays on this machine.
   * @returns undefined for a file to which no honest node commits
   */
  claims(task: ClaimsTask, control: TaskControl): Promise<WeighedClaims | undefined>;
}
