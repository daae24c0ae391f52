/** How much of the API's resources callers may use. */
export interface ApiLimits {
  readonly jsonBytes: number;
  /** Longest wait for an import; after that it continues as a task. */
  readonly importWaitMs: number;
  /** A socket without traffic for so long is closed; WebSockets have their own pings. */
  readonly idleMs: number;
  /** Longest work on one answer, during which a socket may be silent. */
  readonly answerMs: number;
  readonly transactionBytes: number;
  /** For all transactions of one batch; the type of the list limits their number. */
  readonly batchBytes: number;
  /**
   * Tokens for all callers without an API token together, in fair parts, so that the node always has time for its
   * chain. One token stands for about a millisecond of the main thread; every request takes one, an expensive request
   * more.
   */
  readonly strangersPerSecond: number;
  readonly strangersBurst: number;
  /** Of requests with the API token. */
  readonly ownerPerSecond: number;
  readonly ownerBurst: number;
  /** Expensive answers that are made at the same time: for strangers, and as many for the owner. */
  readonly costlyAtOnce: number;
  /**
   * The number that may wait for their turn, in fair parts, in total and for one address (for IPv6: a /64), as below.
   */
  readonly costlyWaiting: number;
  readonly costlyWaitingPerAddress: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Files that are sent at the same time, in total and to one address. */
  readonly downloads: number;
  readonly downloadsPerAddress: number;
  /** Readers of events without the token, in fair parts, and as many with it. */
  readonly eventClients: number;
  /** So many events may wait for one reader; then it is dropped. */
  readonly eventQueue: number;
}

export const API_LIMITS: ApiLimits = {
  jsonBytes: 1024 * 1024,
  importWaitMs: 5000,
  idleMs: 20_000,
  answerMs: 600_000,
  transactionBytes: 64 * 1024,
  batchBytes: 1024 * 1024,
  strangersPerSecond: 400,
  strangersBurst: 2000,
  ownerPerSecond: 400,
  ownerBurst: 2000,
  costlyAtOnce: 2,
  costlyWaiting: 64,
  costlyWaitingPerAddress: 8,
  connections: 512,
  connectionsPerAddress: 128,
  downloads: 32,
  downloadsPerAddress: 8,
  eventClients: 64,
  eventQueue: 1024,
};
