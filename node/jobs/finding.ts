/** What a node finds that replays a part of somebody's work. */

export interface JudgeOptions {
  /** Peer id of the participant. */
  readonly peer: string;
  readonly deadlineMs: number;
  /** What is left of the stage: a participant that holds requests open is told of before it ends. */
  readonly stageMs: number;
  readonly signal: AbortSignal;
}

export type Finding =
  /** `proof` is what the chain wants to see, see `JobAudit`. */
  | { readonly answer: "match"; readonly proof: readonly Uint8Array[] }
  /**
   * `segment` is the first that differs in a replay of all, else 0. `reached`: what all who replay come to, for
   * the seal of a committee's member.
   */
  | { readonly answer: "mismatch"; readonly segment: number; readonly reached: Uint8Array }
  | { readonly answer: "not-served" };
