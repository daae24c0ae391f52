/** Moves an amount from the sender to another account. */
import { type Rule, refuseField } from "./rule.ts";

export const transfer: Rule<"transfer"> = {
  spends: ({ amount }) => amount,
  apply(state, { to, amount }, { address }) {
    if (amount === 0n) refuseField("amount", "must be above zero");
    const from = state.account(address);
    state.putAccount({ ...from, balance: from.balance - amount });
    state.credit(to, amount);
  },
};
