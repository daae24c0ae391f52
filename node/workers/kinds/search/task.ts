/** What a node asks of workers for a search, and what it gets back. */
import type { SearchTask } from "../../../../ml/search/search-task.ts";
import type { BlobSource } from "../../blob-source.ts";
import type { TaskControl } from "../../task-control.ts";

/** Units of one task, at most: what they give is kept until the task ends. */
export const MAX_TASK_UNITS = 65_536;
/** Finds of one task that are told, those of the lowest nonces; the others are hashed and not told. */
export const MAX_TASK_FINDS = 64;
/** Nonces of one `digests` task, at most. */
export const MAX_TASK_NONCES = 65_536;

/** What is searched for, and the module that hashes. */
export interface AlgorithmTask extends SearchTask {
  /** Bytes of the WebAssembly module; their SHA-256 is the algorithm's name. */
  readonly algorithm: BlobSource;
}

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

export interface UnitResult {
  readonly unit: bigint;
  /** Of the smallest digest in the unit, the lowest nonce where several are equal. */
  readonly minNonce: bigint;
  /** 32 bytes. */
  readonly minDigest: Uint8Array;
  /** XOR of the first 8 bytes of all digests, 8 bytes. Keep it secret. */
  readonly running: Uint8Array;
}

export interface NonceFind {
  readonly nonce: bigint;
  /** 32 bytes, not above the target. */
  readonly digest: Uint8Array;
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
  readonly onFind?: (find: NonceFind) => void;
}

export interface SearchUnitsResult {
  /** Whole units, in order from `from` on; fewer than asked for only when the task was told to end. */
  readonly units: readonly UnitResult[];
  /** By rising nonce; those in a unit that was not finished among them. */
  readonly finds: readonly NonceFind[];
  /** Nonces hashed, those of unfinished units too. */
  readonly hashes: number;
}

/** Digests of single nonces, for whoever checks what others claim. */
export interface DigestsTask extends AlgorithmTask {
  readonly nonces: readonly bigint[];
}

/**
 * The part of a worker pool that searches. `onProgress` of a control tells nonces hashed (`step`) of all (`steps`).
 * A module that is no algorithm, traps, contradicts itself or does not end fails its task with TASK_FAILED, `reason`
 * the code of an AlgorithmError.
 */
export interface SearchWorkers {
  search(task: SearchUnitsTask, control: SearchControl): Promise<SearchUnitsResult>;
  /** The same, of another's claim: goes to the head of the queue and stays on this machine. */
  searchReplay(task: SearchUnitsTask, control: TaskControl): Promise<readonly UnitResult[]>;
  /** @returns 32 bytes for each nonce, in their order; stays on this machine */
  digests(task: DigestsTask, control: TaskControl): Promise<readonly Uint8Array[]>;
}
