/** The replay of one segment of another node's lane. */
export interface ReplayTask {
  /** Version of the baseline task. */
  readonly task: number;
  /** Seed of the lane, 32 bytes. */
  readonly seed: Uint8Array;
  readonly index: number;
  readonly stepsPerSegment: number;
  /** The encoded checkpoint that was served. */
  readonly startState: Uint8Array;
}
