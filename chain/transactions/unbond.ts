/** Starts the unbonding of bonded money. A node keeps at least the smallest bond, or leaves with all of it. */
import { formatAmount } from "../amount.ts";
import { startUnbonding } from "../bond/unbonding.ts";
import { isHeld } from "../rating/slash.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { MAX_UNBONDINGS_PER_NODE } from "../types/state.ts";
import { findNode } from "./find-node.ts";
import type { Rule } from "./rule.ts";

export const unbond: Rule<"unbond"> = {
  apply(state, { amount }, { sender, lists }) {
    const { index, node } = findNode(state, sender);
    if (amount === 0n) refuseField("amount", "must be above zero");
    if (amount > node.bond)
      refuseField(
        "amount",
        `the bond is ${formatAmount(node.bond)} POML, got ${formatAmount(amount)}`,
      );
    if (isHeld(state, node)) {
      const { slashedAt } = node;
      refuse(
        `a fault of this node was proven at height ${slashedAt}: its bond answers for others' faults of that time`,
        { code: "SLASHED", slashedAt },
        "unbond once faults of that height are too old to be punished (evidenceBlocks and evidenceSeconds)",
      );
    }
    const left = node.bond - amount;
    const { minBond } = state.parameters;
    if (left > 0n && left < minBond && node.slashedAt === 0) {
      refuse(
        `a bond of ${formatAmount(left)} POML would be left, the minimum is ${formatAmount(minBond)}`,
        { code: "BOND_TOO_SMALL", bond: left, minimum: minBond },
        `leave at least ${formatAmount(minBond)} POML, or unbond all ${formatAmount(node.bond)}`,
      );
    }
    let own = 0;
    for (const entry of state.unbondings) if (entry.node === index) own++;
    if (own >= MAX_UNBONDINGS_PER_NODE) {
      refuse(`${own} pieces of the bond are on their way already`, {
        code: "ALREADY_DONE",
        duty: "unbond",
      });
    }
    lists.takePiece();
    state.nodes.set(index, { ...node, bond: left });
    startUnbonding(state, index, amount);
  },
};
