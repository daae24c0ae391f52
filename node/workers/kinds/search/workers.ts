/** What services that search ask of a worker pool. */
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import type { TaskControl } from "../../task-control.ts";
import type { DigestsTask } from "../digests/task.ts";
import type { SearchControl, SearchUnitsResult, SearchUnitsTask } from "./task.ts";

/**
 * The part of a worker pool that searches. `onProgress` of a control tells nonces hashed (`step`) of all (`steps`).
 * A module that is no algorithm, traps, contradicts itself or does not end fails its task with TASK_FAILED, `reason`
 * the code of an AlgorithmError.
 */
export interface SearchWorkers {
  search(task: SearchUnitsTask, control: SearchControl): Promise<SearchUnitsResult>;
  /** The same, of another's claim (`isReplay`): all of it, on this machine. */
  searchReplay(task: SearchUnitsTask, control: TaskControl): Promise<readonly UnitResult[]>;
  /** @returns 32 bytes for each nonce, in their order; stays on this machine */
  digests(task: DigestsTask, control: TaskControl): Promise<readonly Uint8Array[]>;
}
