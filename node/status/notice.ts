/** A notice for a node's owner. */
export interface Notice {
  /** Stable, for use by programs. */
  readonly code: string;
  /** `problem`: the node takes no useful part in its network. `note`: useful to know. */
  readonly level: "problem" | "note";
  readonly message: string;
  readonly remedy: string;
}
