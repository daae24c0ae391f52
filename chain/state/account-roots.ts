/**
 * The SSZ roots of many accounts in two calls of the hasher, for blocks that touch thousands of them. The result equals
 * `Account.hashTreeRoot` of each: four leaves (address, balance, nonce, nothing) under two levels.
 */
import { hashInto } from "@chainsafe/persistent-merkle-tree";
import type { Account } from "../types/state.ts";

const LEAF = 32;
const LEAVES = 4;

/** @returns views into one buffer, in the order of the accounts */
export function accountRoots(accounts: readonly Account[]): Uint8Array[] {
  const count = accounts.length;
  if (count === 0) return [];
  const leaves = new Uint8Array(count * LEAVES * LEAF);
  const view = new DataView(leaves.buffer);
  accounts.forEach(({ address, balance, nonce }, i) => {
    const at = i * LEAVES * LEAF;
    leaves.set(address, at);
    view.setBigUint64(at + LEAF, balance, true);
    view.setUint32(at + 2 * LEAF, nonce, true);
  });
  const pairs = new Uint8Array((count * LEAVES * LEAF) / 2);
  hashInto(leaves, pairs);
  const roots = new Uint8Array(count * LEAF);
  hashInto(pairs, roots);
  return accounts.map((_, i) => roots.subarray(i * LEAF, (i + 1) * LEAF));
}
