/**
 * The check at start: the state must have the root its head block certifies, and the last blocks
 * must be linked by hash. LevelDB reopens damaged files without a word, so this is the only notice.
 */
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { State } from "../../chain/state/state.ts";
import type { ChainStore, StoredHead } from "./chain-store.ts";
import { StoreError } from "./store-error.ts";

/** Blocks looked at; `poml verify-db` looks at all. */
export const CHECKED_BLOCKS = 512;

/** @throws StoreError DAMAGED_STORE */
export async function selfCheck(
  store: ChainStore,
  head: StoredHead,
  state: State,
  blocks: number = CHECKED_BLOCKS,
): Promise<void> {
  if (state.height !== head.height) {
    throw StoreError.damaged(`the state is at height ${state.height}, the head at ${head.height}`);
  }
  let expected = head.hash;
  const last = Math.max(store.lowest, head.height - blocks + 1);
  for (let height = head.height; height >= last; height--) {
    const certified = await store.block(height);
    if (certified === undefined) throw StoreError.damaged(`block ${height} is missing`);
    const { header } = certified.block;
    if (!equalBytes(blockHash(header), expected)) {
      throw StoreError.damaged(`block ${height} does not link to the one above it`);
    }
    if (height === head.height && !equalBytes(header.stateRoot, state.root())) {
      throw StoreError.damaged("the state does not have the root of the head block");
    }
    expected = header.parent;
  }
}
