/** How much may wait in a mempool. A choice of each node, not a rule of the chain. */

export interface MempoolLimits {
  readonly transactions: number;
  readonly bytes: number;
  readonly perSender: number;
  /** How far ahead of the account's nonce a transaction may wait. */
  readonly nonceGap: number;
  readonly transactionBytes: number;
}

export const MEMPOOL_LIMITS: MempoolLimits = {
  transactions: 20_000,
  bytes: 32 * 1024 * 1024,
  perSender: 64,
  nonceGap: 64,
  transactionBytes: 64 * 1024,
};
