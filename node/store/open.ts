/**
 * Opens the database of a data directory and checks it. Opening damaged files can end the whole process inside LevelDB
 * without a message; the next start then reads it in a separate process first (probe.ts).
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import type { Head } from "../../chain/head.ts";
import { crashPoint } from "../crash-points.ts";
import { exists } from "../durable-file.ts";
import { ChainStore } from "./chain-store.ts";
import { Database } from "./database.ts";
import { type DatabasePlace, databasePlace, findDatabase, markFormat, setAside } from "./format.ts";
import { probeDatabase } from "./probe.ts";
import { finishReplacing } from "./replace.ts";
import { type SelfCheckReport, selfCheck } from "./self-check.ts";
import { StoreError } from "./store-error.ts";

export interface OpenedStore {
  readonly store: ChainStore;
  readonly head: Head;
  readonly check: SelfCheckReport;
}

/**
 * @param genesis the head before block 1
 * @param resync set the present database aside and start with an empty one
 * @throws StoreError
 */
export async function openStore(
  dataDir: string,
  genesis: Head,
  { resync = false }: { resync?: boolean } = {},
): Promise<OpenedStore> {
  await finishReplacing(dataDir);
  if (resync) await setAside(databasePlace(dataDir));
  return underWatch(dataDir, async () => {
    const store = await openUnchecked(databasePlace(dataDir), genesis);
    crashPoint("start-opened");
    try {
      const stored = await readHead(store);
      const state = await store.state();
      const check = await selfCheck(store, stored, state);
      crashPoint("start-checked");
      return { store, head: { state, hash: stored.hash }, check };
    } catch (error) {
      await store.close();
      throw error;
    }
  });
}

/**
 * The store with its genesis verified, but nothing else: for commands that examine damage.
 * @throws StoreError
 */
export async function openUnchecked(place: DatabasePlace, genesis: Head): Promise<ChainStore> {
  const found = await findDatabase(place);
  await mkdir(place.path, { recursive: true });
  const store = new ChainStore(
    await Database.open(place.path, { createIfMissing: !found.isPresent }),
  );
  try {
    // A first start may have ended before anything was written; a marked database is never empty.
    if (!found.isMarked && (await store.db.isEmpty())) {
      await store.initialise(genesis.hash, genesis.state);
    }
    await checkGenesis(store, genesis);
    if (!found.isMarked) await markFormat(place);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @throws StoreError DAMAGED_STORE */
async function readHead(store: ChainStore) {
  const stored = await store.head();
  if (stored === undefined) throw StoreError.damaged("the head entry is missing");
  return stored;
}

async function checkGenesis(store: ChainStore, genesis: Head): Promise<void> {
  const root = await store.genesisRoot();
  if (root === undefined) throw StoreError.damaged("the genesis entry is missing");
  if (!equalBytes(root, genesis.hash)) {
    throw StoreError.wrongGenesis(toHex(genesis.hash), toHex(root));
  }
}

/** Leaves a mark while the database is being opened; a mark found at the start means that the last attempt died. */
async function underWatch<T>(dataDir: string, open: () => Promise<T>): Promise<T> {
  const mark = join(dataDir, "db.opening");
  if (await exists(mark)) await probeDatabase(dataDir);
  await writeFile(mark, "");
  try {
    return await open();
  } finally {
    await rm(mark, { force: true });
  }
}
