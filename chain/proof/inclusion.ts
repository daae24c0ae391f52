/**
 * Merkle proofs from the state tree: they show that the state root of a header contains a certain record. A light
 * client can check one without a state.
 */
import { Tree } from "@chainsafe/persistent-merkle-tree";
import { equalBytes, sha256 } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type { TableList } from "../state/tables.ts";
import { StateTree } from "../types/state.ts";

/** Position of a record in the tree (generalized index of SSZ). */
export function recordIndex(list: TableList, index: number): bigint {
  return StateTree.getPathInfo([list, index]).gindex;
}

/** @returns the siblings from the record up to the root */
export function proveRecord(state: State, list: TableList, index: number): Uint8Array[] {
  return new Tree(state.tree().node).getSingleProof(recordIndex(list, index));
}

/** True when a leaf with this root is at `gindex` under `stateRoot`. */
export function isIncluded(
  stateRoot: Uint8Array,
  leafRoot: Uint8Array,
  gindex: bigint,
  siblings: readonly Uint8Array[],
): boolean {
  let node = leafRoot;
  let at = gindex;
  for (const sibling of siblings) {
    if (at <= 1n || sibling.length !== 32) return false;
    node = (at & 1n) === 1n ? sha256(sibling, node) : sha256(node, sibling);
    at >>= 1n;
  }
  return at === 1n && equalBytes(node, stateRoot);
}
