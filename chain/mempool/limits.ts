/** How much may wait in a mempool. Each node chooses these limits; they are no rule of the chain. */

export interface MempoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly perSender: number;
  /** Free transactions of one node, by number and by bytes. */
  readonly freePerSender: number;
  readonly freeBytesPerSender: number;
  /** Votes of one node among them. Trying a vote is expensive when there are many, and a block takes one per node. */
  readonly votesPerSender: number;
  /** How far ahead of the first missing nonce a transaction may wait. */
  readonly nonceGap: number;
  /** After so many heights a waiting transaction is dropped. */
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
