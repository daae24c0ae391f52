/**
 * The marker beside the database: it shows that there is a database, and its format. Without it, LevelDB would silently
 * create a new database if files are missing.
 */
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { isCode } from "../wallet/secret-file.ts";
import { StoreError } from "./store-error.ts";

/**
 * Raise it when keys or values change their form. 1: hex keys, values without checksum, no undo. 2: settled jobs among
 * current ones. 3: jobs without kinds of work.
 */
export const FORMAT = 4;

export interface DatabasePlace {
  /** LevelDB's folder. */
  readonly path: string;
  readonly marker: string;
}

export function databasePlace(dataDir: string): DatabasePlace {
  return { path: join(dataDir, "db"), marker: join(dataDir, "db.format") };
}

export interface FoundDatabase {
  /** False: there is no database, and one may be created. */
  readonly isPresent: boolean;
  /** Whether the marker says that this version wrote it. */
  readonly isMarked: boolean;
}

/** @throws StoreError STORE_FORMAT, STORE_MISSING */
export async function findDatabase({ path, marker }: DatabasePlace): Promise<FoundDatabase> {
  const text = await readFile(marker, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  });
  const format = text?.trim();
  // A damaged marker is no reason to give up a database; its contents are checked anyway.
  if (format !== undefined && /^\d{1,6}$/.test(format) && Number(format) !== FORMAT) {
    throw StoreError.format(FORMAT, format);
  }
  const files = await filesIn(path);
  const isMarked = Number(format) === FORMAT;
  if (files.includes("CURRENT")) return { isPresent: true, isMarked };
  if (format !== undefined || files.some((name) => /\.(ldb|log)$|^MANIFEST/.test(name))) {
    throw StoreError.missing(path);
  }
  return { isPresent: false, isMarked };
}

export async function markFormat({ marker }: DatabasePlace): Promise<void> {
  await writeDurably(marker, `${FORMAT}\n`);
}

/**
 * Moves the database out of the way; nothing is deleted.
 * @returns its new path
 */
export async function setAside({ path, marker }: DatabasePlace): Promise<string | undefined> {
  await rm(marker, { force: true });
  if ((await filesIn(path)).length === 0) return undefined;
  const aside = `${path}.aside-${Date.now()}`;
  await rename(path, aside);
  return aside;
}

async function filesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}
