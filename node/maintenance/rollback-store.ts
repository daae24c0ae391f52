/**
 * Takes the chain of a stopped node back to an earlier height. The newest blocks are undone one by one; further back,
 * the chain is replayed from its own blocks. The journal of votes is never taken back: above the new head the node must
 * not sign again what it has signed once.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { Head } from "../../chain/head.ts";
import { crashPoint } from "../crash-points.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { replaceStore } from "../store/replace.ts";
import { selfCheck } from "../store/self-check.ts";
import { StoreError } from "../store/store-error.ts";
import { openOffline } from "./offline-store.ts";
import { canRebuild } from "./rebuild.ts";
import { rebuildBeside } from "./repair-store.ts";
import type { ScanOptions } from "./verify-store.ts";

export interface RollbackReport {
  readonly from: number;
  readonly to: number;
  readonly how: "undone" | "replayed";
  /** Path of the old database, if it was replaced. */
  readonly aside: string | undefined;
}

export interface RollbackOptions extends ScanOptions {
  /** The requested height, given the present one. */
  readonly target: (height: number) => number;
}

/** @throws StoreError NOT_UNDOABLE, DAMAGED_STORE, and as openOffline */
export async function rollbackStore(
  dataDir: string,
  genesis: Head,
  { target, ...options }: RollbackOptions,
): Promise<RollbackReport> {
  const store = await openOffline(dataDir, genesis);
  let from = 0;
  let to = 0;
  try {
    const head = await store.head();
    if (head === undefined) throw StoreError.damaged("the head entry is missing");
    from = head.height;
    to = Math.max(0, Math.min(from, target(from)));
    if (await store.canUndoTo(to)) {
      await undoTo(store, to, options);
      return { from, to, how: "undone", aside: undefined };
    }
    if (store.lowest > 1 || !(await canRebuild(store))) throw StoreError.notUndoable(to + 1);
    const reached = await rebuildBeside(dataDir, store, genesis, { ...options, to });
    if (reached < to) throw StoreError.damaged(`block ${reached + 1} cannot be replayed`);
  } finally {
    await store.close();
  }
  return { from, to, how: "replayed", aside: await replaceStore(dataDir) };
}

/** Block by block, each in one batch: a crash in between leaves a complete, only longer chain. */
async function undoTo(
  store: ChainStore,
  to: number,
  { onProgress = () => {}, signal }: ScanOptions,
): Promise<void> {
  const from = store.height;
  while (store.height > to) {
    signal?.throwIfAborted();
    await store.undo();
    crashPoint("block-undone");
    onProgress((from - store.height) / (from - to), `block ${store.height}`);
  }
  const head = await store.head();
  const state = await store.state();
  if (head === undefined) throw StoreError.damaged("the head entry is missing");
  if (to === 0 && !equalBytes(head.hash, (await store.genesisRoot()) ?? head.hash)) {
    throw StoreError.damaged("the first block does not follow the genesis");
  }
  if (to > 0) await selfCheck(store, head, state);
}
