/**
 * The check at start: the state must have the root that its head block certifies, the last blocks must be linked by
 * hash, and their indexes must exist. LevelDB reopens damaged files without an error, so nothing else would detect
 * this. A damaged block below the head does not stop the node, because peers have it.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import { decodeBlock, indexEntries } from "./block-entries.ts";
import type { ChainStore } from "./chain-store.ts";
import { put, type Write } from "./database.ts";
import type { StoredHead } from "./head-entry.ts";
import { numberKey } from "./keys.ts";
import { StoreError } from "./store-error.ts";

/** Number of blocks that are checked; `poml verify-db` checks all of them. */
const CHECKED_BLOCKS = 512;
/** For so many of the newest, the index of transactions is checked as well. */
const CHECKED_INDEXES = 32;

export interface SelfCheckReport {
  /** Heights to fetch from peers. */
  readonly damaged: readonly number[];
  /** Index entries that were missing or wrong and have been written again. */
  readonly reindexed: number;
}

/** @throws StoreError DAMAGED_STORE when state or head cannot be trusted */
export async function selfCheck(
  store: ChainStore,
  head: StoredHead,
  state: State,
  blocks: number = CHECKED_BLOCKS,
): Promise<SelfCheckReport> {
  if (state.height !== head.height) {
    throw StoreError.damaged(`the state is at height ${state.height}, the head at ${head.height}`);
  }
  const damaged: number[] = [];
  let reindexed = 0;
  let expected: Uint8Array | undefined = head.hash;
  const lowest = Math.max(store.lowest, head.height - blocks + 1);
  for (let height = head.height; height >= lowest; height--) {
    const found = await readLinked(store, height, expected);
    if (height === head.height) checkHead(found, state, height);
    if (found === undefined) {
      damaged.push(height);
      expected = undefined;
      continue;
    }
    if (height > head.height - CHECKED_INDEXES) {
      reindexed += await reindex(store, found.certified, found.hash);
    }
    expected = found.certified.block.header.parent;
  }
  return { damaged, reindexed };
}

interface Found {
  readonly certified: CertifiedBlock;
  readonly hash: Uint8Array;
}

function checkHead(found: Found | undefined, state: State, height: number): void {
  if (found === undefined) throw StoreError.damaged(`the newest block, ${height}, is missing`);
  if (!equalBytes(found.certified.block.header.stateRoot, state.root())) {
    throw StoreError.damaged("the state does not have the root of the head block");
  }
}

/**
 * The block of a height, if it exists and is the one that the block above names.
 * @param expected undefined = unknown, because the block above is damaged too
 */
export async function readLinked(
  store: ChainStore,
  height: number,
  expected: Uint8Array | undefined,
): Promise<Found | undefined> {
  try {
    const bytes = await store.db.get(numberKey("block", height));
    if (bytes === undefined) return undefined;
    const found = decodeBlock(bytes, height);
    return expected === undefined || equalBytes(found.hash, expected) ? found : undefined;
  } catch (error) {
    if (error instanceof StoreError && error.code === "DAMAGED_STORE") return undefined;
    throw error;
  }
}

/** The correct form of the index entries of a block that are missing or wrong. */
export async function missingIndexes(
  store: ChainStore,
  certified: CertifiedBlock,
  hash: Uint8Array,
): Promise<Write[]> {
  const wanted = indexEntries(certified, hash).map(({ key, value }) => put(key, value));
  const present = await store.db.getManyRaw(wanted.map(({ key }) => key));
  return wanted.filter((write, i) => {
    const sealed = present[i];
    return sealed === undefined || write.type !== "put" || !equalBytes(sealed, write.value);
  });
}

/**
 * Writes missing or wrong index entries of a block again.
 * @returns how many there were
 */
export async function reindex(
  store: ChainStore,
  certified: CertifiedBlock,
  hash: Uint8Array,
): Promise<number> {
  const missing = await missingIndexes(store, certified, hash);
  if (missing.length > 0) await store.db.batch(missing);
  return missing.length;
}
