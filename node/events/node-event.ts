/** An event on a node, for readers that follow it. */
export interface NodeEvent {
  /** Grows by one for each event; a client resumes after the last one that it saw. */
  readonly cursor: number;
  readonly type: "block" | "job" | "round" | "training" | "rating" | "peer" | "transfer" | "log";
  /** JSON-ready: hex for bytes, decimal strings for amounts. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventSource {
  readonly cursor: number;
  /**
   * Calls `listener` for every stored event after `since` before it returns, then for new ones.
   * @returns a function that ends the subscription
   */
  subscribe(since: number | undefined, listener: (event: NodeEvent) => void): () => void;
}
