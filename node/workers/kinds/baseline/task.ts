import type { TaskControl } from "../../task-control.ts";

/** One lane of the baseline benchmark: segments in strict sequence until the window ends. */
export interface BaselineTask {
  /** Version of the baseline task. */
  readonly task: number;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly stepsPerSegment: number;
  readonly maxSegments: number;
}

export interface BaselineTaskResult {
  /** Finished segments. */
  readonly segments: number;
  /** SHA-256 of the segments + 1 states, beginning with the start; empty when no worker started. */
  readonly checkpoints: readonly Uint8Array[];
  /** Merkle root over `checkpoints`, or zero bytes without any; a window claim contains it. */
  readonly checkpointRoot: Uint8Array;
  /** Share of a core that the lane had, according to its worker, 0 to 1; undefined: no segment was finished. */
  readonly coreShare: number | undefined;
}

export interface BaselineControl extends TaskControl {
  /** Ends the lane: its promise resolves with the segments finished by then. */
  readonly until: AbortSignal;
  /**
   * Called with the encoded state at every boundary; index 0 is the start, and segment n leads from state n to n + 1.
   * Keep the states to serve verifiers. A lane that is repeated on another worker gives the same states again.
   */
  readonly onState?: (index: number, state: Uint8Array) => void;
}
