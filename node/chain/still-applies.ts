/** Whether a duty is still of use: others may have done or overtaken it while it waits for its nonce. */
import { PomlError } from "../../chain/errors.ts";
import { dryRun } from "../../chain/mempool/admission.ts";
import type { State } from "../../chain/state/state.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";

/** @param next the sender's next nonce: it is tried as if it were its turn */
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
