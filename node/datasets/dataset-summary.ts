/** The description of a dataset that a node has. */
export interface DatasetSummary {
  /** SHA-256 of the manifest, hex. */
  readonly id: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly classes: readonly string[];
  readonly trainRows: number;
  readonly testRows: number;
  readonly licence: string;
  /** What the import left out, filled in or guessed, in sentences. */
  readonly notes: readonly string[];
}
