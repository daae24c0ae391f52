/** The changes that blocks made to a node's rating, newest first. */
import { CertifiedBlock } from "../../chain/types/block.ts";
import type { RatingChange } from "../../chain/types/node.ts";
import { MAX_READ_BYTES, type Page, type Pages } from "../pages.ts";
import type { ChainStore } from "../store/chain-store.ts";

export interface PastChange {
  readonly height: number;
  /** Of the block, Unix milliseconds. */
  readonly time: number;
  readonly change: RatingChange;
}

/** @returns changes of at most `limit` blocks that this node still stores, from height `from` downwards */
export async function ratingHistory(
  store: Pick<ChainStore, "ratingChangeHeights" | "block" | "lowest">,
  node: number,
  { from, limit }: Page,
): Promise<Pages<PastChange>> {
  const items: PastChange[] = [];
  let readBytes = 0;
  // One more shows whether there is another page.
  const heights = await store.ratingChangeHeights(node, limit + 1, from);
  for (const [i, height] of heights.entries()) {
    if (height < store.lowest) break;
    if (i >= limit || readBytes >= MAX_READ_BYTES) return { items, next: height, readBytes };
    const certified = await store.block(height);
    if (certified === undefined) continue;
    readBytes += CertifiedBlock.value_serializedSize(certified);
    const { header, body } = certified.block;
    for (const change of body.ratingChanges) {
      if (change.node === node) items.push({ height, time: Number(header.time), change });
    }
  }
  return { items, next: undefined, readBytes };
}
