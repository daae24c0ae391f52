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
  /** SHA-256 of the segments + 1 states, the start first; empty when no worker got to start. */
  readonly checkpoints: readonly Uint8Array[];
  /** Merkle root over `checkpoints`, zero bytes when there are none: what a window claim says. */
  readonly checkpointRoot: Uint8Array;
  /** Part of a core that the lane had, by its worker's word, 0 to 1; undefined: none finished. */
  readonly coreShare: number | undefined;
}

export interface BaselineControl extends TaskControl {
  /** Ends the lane: its promise resolves with the segments finished by then. */
  readonly until: AbortSignal;
  /**
   * Sees the encoded state at every boundary, index 0 the start; segment n runs from state n to
   * n + 1. Keep them to serve verifiers. A lane repeated on another worker gives the same states
   * again.
   */
  readonly onState?: (index: number, state: Uint8Array) => void;
}
