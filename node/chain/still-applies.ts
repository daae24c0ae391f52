/** Whether a duty is still useful: others may have done it, or made it pointless, while it waits for its nonce. */
import { PomlError } from "../../chain/errors.ts";
import { dryRun } from "../../chain/mempool/admission.ts";
import type { State } from "../../chain/state/state.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";

/** @param next the sender's next nonce: the duty is tried as if it had this nonce */
export function stillApplies(
  state: State,
  { transaction, ...rest }: SignedTransaction,
  next: number,
): boolean {
  try {
    dryRun(state, { ...rest, transaction: { ...transaction, nonce: next } });
    return true;
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    return false;
  }
}
