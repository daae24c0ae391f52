/** Adds to the sender's bond, which lets more of its rating count. */
import { refuseField } from "../transaction-error.ts";
import { findActiveNode } from "./find-node.ts";
import type { Rule } from "./rule.ts";

export const bond: Rule<"bond"> = {
  spends: ({ amount }) => amount,
  apply(state, { amount }, { sender, address }) {
    if (amount === 0n) refuseField("amount", "must be above zero");
    const { index, node } = findActiveNode(state, sender);
    const account = state.account(address);
    state.putAccount({ ...account, balance: account.balance - amount });
    state.nodes.set(index, { ...node, bond: node.bond + amount });
  },
};
