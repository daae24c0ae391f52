/** Folders of job data on disk, each named by a hash, with their sizes. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoredFile } from "./retention-plan.ts";

const HEX_ID = /^[0-9a-f]{64}$/;

/** The folders in `folder` whose names are hashes; none when it does not exist. */
export async function hashNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => HEX_ID.test(name));
}

/** What goes meanwhile is left out. */
export async function storedFolders(
  folder: string,
  kind: StoredFile["kind"],
): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const name of await hashNames(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    files.push({ kind, name, bytes: await bytesIn(path), touchedAt: found.mtimeMs });
  }
  return files;
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
