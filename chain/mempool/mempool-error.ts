/** Why a transaction may not wait in the mempool. */
import { PomlError } from "../errors.ts";

type MempoolFacts =
  | { code: "ALREADY_KNOWN" }
  | { code: "NONCE_TOO_LOW"; expected: number; actual: number }
  | { code: "NONCE_GAP"; expected: number; actual: number; gap: number }
  | { code: "SENDER_FULL"; limit: number }
  | { code: "REPLACEMENT_TOO_CHEAP"; required: bigint; offered: bigint }
  | { code: "FEE_TOO_LOW"; required: bigint; offered: bigint }
  | { code: "INSUFFICIENT_BALANCE"; balance: bigint; needed: bigint }
  | { code: "EXPIRED"; validUntil: number; height: number }
  | { code: "TRANSACTION_TOO_LARGE"; bytes: number; limit: number }
  | { code: "MEMPOOL_FULL"; limit: number }
  | { code: "OVERLOADED"; limit: number };

/** Most refusals are no offence of the sender, because another node may have another head. */
export class MempoolError extends PomlError<MempoolFacts> {
  constructor(message: string, facts: MempoolFacts, remedy?: string) {
    super(
      message,
      facts,
      remedy === undefined ? { action: "ignore" } : { action: "ignore", remedy },
    );
  }
}
