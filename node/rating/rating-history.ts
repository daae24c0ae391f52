/** Why a node's rating is what it is: the changes blocks made to it, newest first. */
import type { RatingChange } from "../../chain/types/node.ts";
import type { ChainStore } from "../store/chain-store.ts";

export interface PastChange {
  readonly height: number;
  /** Of the block, Unix milliseconds. */
  readonly time: number;
  readonly change: RatingChange;
}

/** @returns at most `limit` changes of blocks this node still keeps */
export async function ratingHistory(
  store: ChainStore,
  node: number,
  limit: number,
): Promise<PastChange[]> {
  const history: PastChange[] = [];
  for (const height of await store.ratingChangeHeights(node, limit)) {
    if (height < store.lowest) break;
    const { header, body } = (await store.block(height))?.block ?? {};
    for (const change of body?.ratingChanges ?? []) {
      if (change.node !== node || header === undefined) continue;
      history.push({ height, time: Number(header.time), change });
    }
  }
  return history;
}
