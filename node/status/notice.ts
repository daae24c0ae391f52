/** What a node's owner is told. */
export interface Notice {
  /** Stable, for use by programs. */
  readonly code: string;
  /** `problem`: the node is not, or not usefully, part of its network. `note`: useful to know. */
  readonly level: "problem" | "note";
  readonly message: string;
  readonly remedy: string;
}
