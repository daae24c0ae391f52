/** Records which blocks are damaged and must be fetched from peers, across restarts of a node. */
import { ListBasicType } from "@chainsafe/ssz";
import { Uint32 } from "../../chain/types/primitive.ts";
import { type Database, put } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { nameKey } from "./keys.ts";

const DAMAGED = nameKey("single", "damaged");
/** Further ones are found again when these are repaired. */
const MAX_DAMAGED = 65_536;
const Heights = new ListBasicType(Uint32, MAX_DAMAGED);

/** Heights, newest first. */
export async function readDamaged(db: Database): Promise<number[]> {
  const bytes = await db.get(DAMAGED);
  return bytes === undefined ? [] : decodeEntry("damaged", Heights, bytes);
}

/** Replaces the earlier record. */
export async function noteDamaged(db: Database, heights: readonly number[]): Promise<void> {
  const kept = [...heights].sort((a, b) => b - a).slice(0, MAX_DAMAGED);
  await db.batch([put(DAMAGED, Heights.serialize(kept))]);
}
