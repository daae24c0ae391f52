/** Adds to the sender's bond, which lets more of its rating count. */
import { type Rule, refuse, refuseField } from "./rule.ts";

export const bond: Rule<"bond"> = {
  spends: ({ amount }) => amount,
  apply(state, { amount }, { sender, address }) {
    if (amount === 0n) refuseField("amount", "must be above zero");
    const index = state.nodeIndex(sender);
    if (index === undefined) refuse("only a node has a bond", { code: "UNKNOWN_NODE" });
    const node = state.nodes.at(index);
    const account = state.account(address);
    state.putAccount({ ...account, balance: account.balance - amount });
    state.nodes.set(index, { ...node, bond: node.bond + amount });
  },
};
