/** Reads the recorded rounds of a job from the blocks that contain them. */
import { toHex } from "../../chain/crypto/hash.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import type { Job, JobRecord } from "../../chain/types/job.ts";
import { MAX_READ_BYTES, type Page, type Pages } from "../pages.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** A recorded round of a job and the block that holds it. */
export interface RecordedRound {
  readonly height: number;
  readonly blockHash: Uint8Array;
  readonly record: JobRecord;
}

/** @returns rounds whose blocks this node still stores, oldest first, from round `from` on */
export async function jobRecords(
  store: Pick<ChainStore, "recordHeight" | "block" | "lowest">,
  { id, round: last }: Pick<Job, "id" | "round">,
  { from = 1, limit }: Page,
): Promise<Pages<RecordedRound>> {
  const items: RecordedRound[] = [];
  let readBytes = 0;
  for (let round = Math.max(1, from); round <= last; round++) {
    if (items.length >= limit || readBytes >= MAX_READ_BYTES) {
      return { items, next: round, readBytes };
    }
    const height = await store.recordHeight(id, round);
    if (height === undefined || height < store.lowest) continue;
    const certified = await store.block(height);
    if (certified === undefined) continue;
    readBytes += CertifiedBlock.value_serializedSize(certified);
    const record = certified.block.body.records.find(
      (entry) => entry.round === round && toHex(entry.job) === toHex(id),
    );
    if (record === undefined) continue;
    items.push({ height, blockHash: certified.certificate.blockHash, record });
  }
  return { items, next: undefined, readBytes };
}
