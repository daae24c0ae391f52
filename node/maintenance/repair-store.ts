/**
 * Repairs the database of a stopped node from its own contents. If state and newest block are sound, indexes are
 * rewritten, and damaged blocks are recorded for the running node to fetch. Otherwise the chain is replayed into a new
 * database as far as its blocks go, and the node fetches the rest.
 */
import { readdir } from "node:fs/promises";
import { Level } from "level";
import type { Head } from "../../chain/head.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { noteDamaged } from "../store/damage-notes.ts";
import { databasePlace } from "../store/format.ts";
import { openUnchecked } from "../store/open.ts";
import { discardRebuilding, rebuildingPlace, replaceStore } from "../store/replace.ts";
import { readLinked, reindex } from "../store/self-check.ts";
import { StoreError } from "../store/store-error.ts";
import { openOffline } from "./offline-store.ts";
import { canRebuild, rebuild } from "./rebuild.ts";
import { type ScanOptions, verifyStore } from "./verify-store.ts";

export interface RepairReport {
  /** `none`: nothing was wrong. */
  readonly action: "none" | "mended" | "rebuilt";
  /** Height from which the node continues. */
  readonly height: number;
  /** Blocks that must come from peers. */
  readonly toFetch: readonly number[];
  readonly reindexed: number;
  /** Path of the old database, if it was replaced. */
  readonly aside: string | undefined;
}

/** @throws StoreError with a remedy, if the repair is not possible here */
export async function repairStore(
  dataDir: string,
  genesis: Head,
  options: ScanOptions = {},
): Promise<RepairReport> {
  const store = await openForRepair(dataDir, genesis);
  let isSound = false;
  try {
    const report = await verifyStore(store, options).catch(withoutHead);
    if (report?.faults.length === 0) {
      await noteDamaged(store.db, []);
      const { height } = report;
      return { action: "none", height, toFetch: [], reindexed: 0, aside: undefined };
    }
    isSound = report?.isStateSound === true;
    if (isSound) return await mend(store);
    if (!(await canRebuild(store))) throw StoreError.notRepairable();
    await store.head().catch(() => undefined);
    await rebuildBeside(dataDir, store, genesis, options);
  } finally {
    await store.close();
  }
  const aside = await replaceStore(dataDir);
  const mended = await openUnchecked(databasePlace(dataDir), genesis);
  const height = (await mended.head())?.height ?? 0;
  await mended.close();
  return { action: "rebuilt", height, toFetch: [], reindexed: 0, aside };
}

/** Replays the blocks of a store into `db.rebuilding`. @returns the height reached */
export async function rebuildBeside(
  dataDir: string,
  source: ChainStore,
  genesis: Head,
  options: Parameters<typeof rebuild>[3],
): Promise<number> {
  await discardRebuilding(dataDir);
  const target = await openUnchecked(rebuildingPlace(dataDir), genesis);
  try {
    await target.head();
    return await rebuild(source, target, genesis, options);
  } finally {
    await target.close();
  }
}

/** LevelDB can rebuild its own list of files from the files. */
async function openForRepair(dataDir: string, genesis: Head): Promise<ChainStore> {
  try {
    return await openOffline(dataDir, genesis);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code !== "DAMAGED_STORE" && error.code !== "STORE_MISSING") throw error;
    const place = databasePlace(dataDir);
    const isGone = error.code === "STORE_MISSING" && !(await hasFiles(place.path));
    if (isGone) throw error;
    await repairLevel(place.path);
    return openOffline(dataDir, genesis);
  }
}

async function repairLevel(path: string): Promise<void> {
  const { repair } = Level as unknown as { repair(path: string): Promise<void> };
  await repair.call(Level, path);
}

async function hasFiles(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => /\.(ldb|log)$/.test(name));
}

function withoutHead(error: unknown): undefined {
  if (error instanceof StoreError && error.code === "DAMAGED_STORE") return undefined;
  throw error;
}

async function mend(store: ChainStore): Promise<RepairReport> {
  const toFetch: number[] = [];
  let reindexed = 0;
  const head = await store.head();
  let expected = head?.hash;
  for (let height = store.height; height >= store.lowest; height--) {
    const found = await readLinked(store, height, expected);
    if (found === undefined) toFetch.push(height);
    else reindexed += await reindex(store, found.certified, found.hash);
    expected = found?.certified.block.header.parent;
  }
  await noteDamaged(store.db, toFetch);
  return { action: "mended", height: store.height, toFetch, reindexed, aside: undefined };
}
