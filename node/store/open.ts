/**
 * Opens the database of a data directory. LevelDB would silently create a new one where files are
 * missing, so only a directory without the marker file may be created.
 */
import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import type { Head } from "../../chain/apply-block.ts";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { ChainStore, type Database } from "./chain-store.ts";
import { selfCheck } from "./self-check.ts";
import { StoreError } from "./store-error.ts";

const FORMAT = "1\n";

export interface OpenedStore {
  readonly store: ChainStore;
  readonly head: Head;
}

/**
 * @param genesis the head before block 1
 * @param resync set the present database aside and start empty
 * @throws StoreError
 */
export async function openStore(
  dataDir: string,
  genesis: Head,
  { resync = false }: { resync?: boolean } = {},
): Promise<OpenedStore> {
  const path = join(dataDir, "db");
  const marker = join(dataDir, "db.format");
  if (resync && (await exists(path))) await rename(path, `${path}.aside-${Date.now()}`);
  const known = !resync && (await exists(marker));
  if (known && !(await exists(join(path, "CURRENT")))) throw StoreError.missing(path);
  await mkdir(path, { recursive: true });
  const db = await openLevel(path, !known);
  try {
    const store = await ChainStore.over(db);
    if (!known) {
      await store.initialise(genesis.hash, genesis.state);
      await writeFile(marker, FORMAT);
    }
    return { store, head: await loadHead(store, genesis) };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function loadHead(store: ChainStore, genesis: Head): Promise<Head> {
  const root = await store.genesisRoot();
  if (root === undefined) throw StoreError.damaged("the genesis entry is missing");
  if (!equalBytes(root, genesis.hash)) {
    throw StoreError.wrongGenesis(toHex(genesis.hash), toHex(root));
  }
  const stored = await store.head();
  if (stored === undefined) throw StoreError.damaged("the head entry is missing");
  const state = await store.state();
  await selfCheck(store, stored, state);
  return { state, hash: stored.hash };
}

async function openLevel(path: string, createIfMissing: boolean): Promise<Database> {
  const db = new Level<string, Uint8Array>(path, {
    keyEncoding: "utf8",
    valueEncoding: "view",
    createIfMissing,
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    const code = causeCode(error);
    if (code === "LEVEL_LOCKED") throw StoreError.inUse(path, error);
    throw StoreError.damaged(`it does not open (${code})`, error);
  }
}

function causeCode(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === "object" && cause !== null && "code" in cause
    ? String(cause.code)
    : "unknown";
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
