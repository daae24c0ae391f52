/** The task of searching units, and its result. */
import type { Cut } from "../../../../chain/workload/search/units.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import type { TaskControl } from "../../task-control.ts";
import type { TurnUse } from "../../turn-use.ts";
import type { AlgorithmTask } from "../algorithm-task.ts";

/** The largest number of units of a task: their results are in memory until the task ends. */
export const MAX_TASK_UNITS = 65_536;
/** The largest number of units in one report. */
export const MAX_BATCH_UNITS = 1024;
/** The largest number of finds that a task reports: those with the lowest nonces. */
export const MAX_TASK_FINDS = 64;

/** Units of a job, searched one after another. Unit i begins at the nonce `jobFrom` + i * 2^`unitBits`. */
export interface SearchUnitsTask extends AlgorithmTask {
  /** 6 to 32. */
  readonly unitBits: number;
  /** First nonce of the job. */
  readonly jobFrom: bigint;
  /** One more than the last nonce of the job; the last unit may be shorter. */
  readonly jobTo: bigint;
  /** First unit to search. */
  readonly from: bigint;
  /** One more than the last unit, at most `from` + 65,536. */
  readonly to: bigint;
}

export interface SearchControl extends TaskControl {
  /** Ends the search within some milliseconds: its promise resolves with the whole units done by then. */
  readonly end?: AbortSignal;
  /**
   * Called with finished units, several at a time, in order and with each one once, also when the task continues on
   * another worker. Units of a remote worker are reported when one drawn from them has been hashed again here. Reported
   * units count even if the task fails later.
   */
  readonly onUnits?: (units: readonly UnitResult[]) => void;
  /** Called with each find, before its unit is done. The nonce of a remote worker's find is hashed here first. */
  readonly onFind?: (find: Find) => void;
  /** The units are those of another node's claim: the task goes to the head of the queue and stays on this machine. */
  readonly isReplay?: boolean;
  readonly turnUse?: TurnUse | undefined;
}

export interface ReplayControl extends TaskControl {
  /** Shared by the parts of a claim, so that searches have their turns between them. */
  readonly turnUse?: TurnUse;
}

export function cutOfTask({ jobFrom, jobTo, unitBits }: SearchUnitsTask): Cut {
  return { from: jobFrom, to: jobTo, unitBits };
}

export interface SearchUnitsResult {
  /** Whole units in order, beginning with `from`; fewer than requested only if the task was ended early. */
  readonly units: readonly UnitResult[];
  /** In order of their nonces; finds in an unfinished unit are included. */
  readonly finds: readonly Find[];
  /** Number of nonces hashed, including those of unfinished units. */
  readonly hashes: number;
}
