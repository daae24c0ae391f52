/** What one participant of a round gives: how its training changed the parameters. */
export interface Update {
  /** Sample steps behind it: rows x epochs. */
  readonly samples: number;
  /** Trained minus global parameters. */
  readonly delta: Float32Array | Float64Array;
}
