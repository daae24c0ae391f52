/** Moves an amount from the sender to another account. */
import { rateFee } from "../rate-fee.ts";
import { refuseField } from "../transaction-error.ts";
import type { Payloads } from "../types/transaction.ts";
import type { Rule } from "./rule.ts";

export const transfer: Rule<"transfer"> = {
  fee: ({ amount }, parameters) => rateFee(amount, parameters),
  spends: ({ amount }) => amount,
  check: checkTransfer,
  apply(state, payload, { address }) {
    checkTransfer(payload);
    const { to, amount } = payload;
    const from = state.account(address);
    state.putAccount({ ...from, balance: from.balance - amount });
    state.credit(to, amount);
  },
};

function checkTransfer({ amount }: Payloads["transfer"]): void {
  if (amount === 0n) refuseField("amount", "must be above zero");
}
