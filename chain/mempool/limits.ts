/** How much may wait in a mempool. A choice of each node, not a rule of the chain. */

export interface MempoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly perSender: number;
  /** Free transactions of one node, in number and in bytes. */
  readonly freePerSender: number;
  readonly freeBytesPerSender: number;
  /** Votes of one node among them: to try one is dear where many stand, and a block takes one of a node. */
  readonly votesPerSender: number;
  /** How far a transaction may wait ahead of the first nonce that is missing. */
  readonly nonceGap: number;
  /** Heights after which a transaction has waited long enough. */
  readonly waitBlocks: number;
  readonly transactionBytes: number;
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  transactions: 20_000,
  bytes: 32 * 1024 * 1024,
  perSender: 256,
  freePerSender: 32,
  freeBytesPerSender: 128 * 1024,
  votesPerSender: 4,
  nonceGap: 16,
  waitBlocks: 10_000,
  transactionBytes: 64 * 1024,
};
