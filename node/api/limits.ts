/** How much anyone may ask of the API. */
export interface ApiLimits {
  readonly jsonBytes: number;
  /** Longest wait for an import before it goes on as a task. */
  readonly importWaitMs: number;
  /** A socket on which nothing comes or goes for so long is closed; WebSockets have pings of their own. */
  readonly idleMs: number;
  /** Longest work on one answer, during which a socket may be silent. */
  readonly answerMs: number;
  readonly transactionBytes: number;
  /** Of all transactions handed in at once; how many there may be is a rule of their list type. */
  readonly batchBytes: number;
  /**
   * Tokens of all that show no token together, in fair parts: whatever they ask, the node has time for its chain. One
   * token stands for about a millisecond of the main thread; every request takes one, a costly one more.
   */
  readonly strangersPerSecond: number;
  readonly strangersBurst: number;
  /** Of requests with the API token. */
  readonly ownerPerSecond: number;
  readonly ownerBurst: number;
  /** Costly answers that are made at the same time: for strangers, and as many for the owner. */
  readonly costlyAtOnce: number;
  /** That may wait for their turn, in fair parts, and those of one address (of IPv6: a /64), as below. */
  readonly costlyWaiting: number;
  readonly costlyWaitingPerAddress: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Files being sent at the same time, and those of one address. */
  readonly downloads: number;
  readonly downloadsPerAddress: number;
  /** Readers of events without the token, in fair parts, and as many with it. */
  readonly eventClients: number;
  /** Events that may wait for one reader before it is dropped. */
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
