/** What a node asks of workers for a search, and what it gets back. */
import type { Cut } from "../../../../chain/workload/search/units.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import type { TaskControl } from "../../task-control.ts";
import type { AlgorithmTask } from "../algorithm-task.ts";

/** Units of one task, at most: what they give is kept until the task ends. */
export const MAX_TASK_UNITS = 65_536;
/** Units that are told at a time, at most. */
export const MAX_BATCH_UNITS = 1024;
/** Finds of one task that are told, those of the lowest nonces; the others are hashed and not told. */
export const MAX_TASK_FINDS = 64;

/** Units of a job, searched one after another. Unit i is the nonces from `jobFrom` + i * 2^`unitBits` on. */
export interface SearchUnitsTask extends AlgorithmTask {
  /** 6 to 32. */
  readonly unitBits: number;
  /** First nonce of the job. */
  readonly jobFrom: bigint;
  /** One past its last nonce: the last unit may be shorter. */
  readonly jobTo: bigint;
  /** First unit to search. */
  readonly from: bigint;
  /** One past the last one, at most 65,536 more than `from`. */
  readonly to: bigint;
}

export interface SearchControl extends TaskControl {
  /** Ends the search within some milliseconds: its promise resolves with the whole units done by then. */
  readonly end?: AbortSignal;
  /**
   * Sees units as they are done, several at a time, in order and each once, also when the task goes on on another
   * worker. Those of a remote worker are told when the one that was drawn of them has been hashed again here. What was
   * told counts also when the task fails later.
   */
  readonly onUnits?: (units: readonly UnitResult[]) => void;
  /** Sees a find at once, before its unit is done; of a remote worker when its nonce has been hashed here. */
  readonly onFind?: (find: Find) => void;
  /** The units are another's claim: the task goes to the head of the queue and stays on this machine. */
  readonly isReplay?: boolean;
}

export function cutOfTask({ jobFrom, jobTo, unitBits }: SearchUnitsTask): Cut {
  return { from: jobFrom, to: jobTo, unitBits };
}

export interface SearchUnitsResult {
  /** Whole units, in order from `from` on; fewer than asked for only when the task was told to end. */
  readonly units: readonly UnitResult[];
  /** By rising nonce; those in a unit that was not finished among them. */
  readonly finds: readonly Find[];
  /** Nonces hashed, those of unfinished units too. */
  readonly hashes: number;
}
