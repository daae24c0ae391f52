/** Opens the database of a stopped node for maintenance commands, in its present form, even if damaged. */
import type { Head } from "../../chain/head.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { databasePlace, findDatabase } from "../store/format.ts";
import { openUnchecked } from "../store/open.ts";
import { probeDatabase } from "../store/probe.ts";
import { finishReplacing } from "../store/replace.ts";
import { StoreError } from "../store/store-error.ts";

/**
 * Reads everything in another process first, because some damage ends the process that reads it.
 * @throws StoreError STORE_MISSING, STORE_IN_USE, UNREADABLE_STORE, DAMAGED_STORE, WRONG_GENESIS
 */
export async function openOffline(dataDir: string, genesis: Head): Promise<ChainStore> {
  await finishReplacing(dataDir);
  const place = databasePlace(dataDir);
  if (!(await findDatabase(place)).isPresent) throw StoreError.missing(place.path);
  await probeDatabase(dataDir);
  return openUnchecked(place, genesis);
}
