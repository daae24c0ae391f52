/** All files of jobs in a data directory with their sizes, whether or not a node is running. */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isCode } from "../wallet/secret-file.ts";
import type { StorageKind } from "./kinds.ts";
import type { StoredFile } from "./retention-plan.ts";

const HEX_ID = /^[0-9a-f]{64}$/;
/** A dataset, or a copy of it that is being made in another order. */
const DATASET = /^[0-9a-f]{64}(?:\.[0-9a-f]+\.part)?$/;
const UPLOAD = /^[0-9a-f]{32}$/;
/** A run of a job in a round, complete or being written. */
const RUN = /^([0-9a-f]{64})-\d+(\.part-.*)?$/;
const TORRENT = /^([0-9a-f]{40})\.torrent$/;
/** An empty file beside the folder of a dataset that the owner imported. */
const IMPORTED = /^([0-9a-f]{64})\.imported$/;

/**
 * Files that disappear during the walk are left out.
 * @throws any error of reading a folder
 */
export async function storedFiles(dataDir: string): Promise<StoredFile[]> {
  const lists = await Promise.all([
    blobs(dataDir),
    folders(dataDir, "datasets", "datasets", DATASET),
    folders(dataDir, "models", "models", HEX_ID),
    folders(dataDir, "checkpoints", "checkpoints", RUN),
    folders(dataDir, "searches", "searches", RUN),
    folders(dataDir, "leases", "leases", RUN),
    folders(dataDir, "windows", "window", /./),
    uploads(dataDir),
    torrents(dataDir),
  ]);
  return lists.flat();
}

/**
 * Ids of the datasets that the owner imported; the others are copies made for jobs.
 * @throws as storedFiles
 */
export async function importedDatasets(dataDir: string): Promise<string[]> {
  const names = (await entriesOf(join(dataDir, "datasets"))).map(({ name }) => name);
  return names.flatMap((name) => IMPORTED.exec(name)?.[1] ?? []);
}

/** Files that interrupted writes left are included. */
async function blobs(dataDir: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const { name } of await entriesOf(join(dataDir, "blobs"))) {
    const found = await statOf(join(dataDir, "blobs", name));
    if (found !== undefined) files.push({ kind: "blobs", name, files: 1, ...found });
  }
  return files;
}

async function folders(
  dataDir: string,
  kind: StorageKind,
  place: string,
  pattern: RegExp,
): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const { name } of await entriesOf(join(dataDir, place))) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const folder = join(dataDir, place, name);
    const found = await statOf(folder);
    if (found === undefined) continue;
    const of = match[1] === undefined ? {} : { of: match[1] };
    const { touchedAt } = found;
    files.push({ kind, name, touchedAt, ...(await sizeOf(folder)), ...of });
  }
  return files;
}

/** The received bytes; the result of an import counts with the datasets. */
async function uploads(dataDir: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const { name } of await entriesOf(join(dataDir, "uploads"))) {
    if (!UPLOAD.test(name)) continue;
    const found = await statOf(join(dataDir, "uploads", name, "data"));
    if (found !== undefined) files.push({ kind: "uploads", name, files: 1, ...found });
  }
  return files;
}

async function torrents(dataDir: string): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  const folder = join(dataDir, "torrents");
  for (const { name } of await entriesOf(folder)) {
    const infoHash = TORRENT.exec(name)?.[1];
    if (infoHash === undefined) continue;
    const found = await statOf(join(folder, name));
    const place = await readFile(join(folder, `${infoHash}.place`), "utf8").catch(() => undefined);
    if (found === undefined) continue;
    const of = place === undefined ? {} : { of: basename(place) };
    files.push({ kind: "torrents", name: infoHash, files: 1, ...found, ...of });
  }
  return files;
}

async function sizeOf(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let files = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    files += 1;
    bytes += (await statOf(join(entry.parentPath, entry.name)))?.bytes ?? 0;
  }
  return { files, bytes };
}

/** A folder that cannot be read must not count as empty: imported datasets would then be deleted. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

function statOf(path: string): Promise<{ bytes: number; touchedAt: number } | undefined> {
  return stat(path).then(
    ({ size, mtimeMs }) => ({ bytes: size, touchedAt: mtimeMs }),
    () => undefined,
  );
}
