/** The finding of a node that replays a part of another node's work. */

export interface JudgeOptions {
  /** Peer id of the participant. */
  readonly peer: string;
  readonly deadlineMs: number;
  /** The rest of the stage: a participant that holds requests open must be reported before it ends. */
  readonly stageMs: number;
  readonly signal: AbortSignal;
}

export type Finding =
  /** `proof` is what the chain wants to see, see `JobAudit`. */
  | { readonly answer: "match"; readonly proof: readonly Uint8Array[] }
  /**
   * `segment` is the first one that differs in a replay of all segments, otherwise 0. `reached`: the value that all
   * replays reach, for the seal of a committee's member.
   */
  | { readonly answer: "mismatch"; readonly segment: number; readonly reached: Uint8Array }
  | { readonly answer: "not-served" };
