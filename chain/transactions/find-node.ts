/** Finds the node that sent a transaction. */
import type { State } from "../state/state.ts";
import { refuse } from "../transaction-error.ts";
import type { NodeRecord } from "../types/node.ts";

/** @throws TransactionError UNKNOWN_NODE */
export function findNode(state: State, sender: Uint8Array): { index: number; node: NodeRecord } {
  const index = state.nodeIndex(sender);
  if (index === undefined) {
    refuse("only a node may do this", { code: "UNKNOWN_NODE" }, "register the key as a node first");
  }
  return { index, node: state.nodes.at(index) };
}

/**
 * As `findNode`, for transactions that only a node in good standing may send.
 * @throws TransactionError UNKNOWN_NODE, SLASHED
 */
export function findActiveNode(
  state: State,
  sender: Uint8Array,
): { index: number; node: NodeRecord } {
  const found = findNode(state, sender);
  const { slashedAt } = found.node;
  if (slashedAt !== 0) {
    refuse(
      `a fault of this node was proven at height ${slashedAt}`,
      { code: "SLASHED", slashedAt },
      "unbond what is left of the bond; a new node needs a new key",
    );
  }
  return found;
}
