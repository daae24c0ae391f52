/**
 * Puts a rebuilt database in the place of the old one, which is moved aside and never deleted. A note
 * says that the new one is whole, so whatever a crash leaves undone is done at the next start.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crashPoint } from "../crash-points.ts";
import { exists, syncDirectory, writeDurably } from "../durable-file.ts";
import { type DatabasePlace, databasePlace, markFormat, setAside } from "./format.ts";

const noteOf = (dataDir: string): string => join(dataDir, "db.rebuilt");

export function rebuildingPlace(dataDir: string): DatabasePlace {
  return { path: join(dataDir, "db.rebuilding"), marker: join(dataDir, "db.rebuilding.format") };
}

/** Removes what a rebuild left that never ended. */
export async function discardRebuilding(dataDir: string): Promise<void> {
  const { path, marker } = rebuildingPlace(dataDir);
  await rm(marker, { force: true });
  await rm(path, { recursive: true, force: true });
}

/** The rebuilt database is whole; both must be closed. Returns where the old one went. */
export async function replaceStore(dataDir: string): Promise<string | undefined> {
  crashPoint("store-rebuilt");
  await writeDurably(noteOf(dataDir), "");
  return finishReplacing(dataDir);
}

/** Does what is left to do of a replacement; nothing when there is none. */
export async function finishReplacing(dataDir: string): Promise<string | undefined> {
  if (!(await exists(noteOf(dataDir)))) return undefined;
  const from = rebuildingPlace(dataDir);
  const to = databasePlace(dataDir);
  let aside: string | undefined;
  if (await exists(from.path)) {
    aside = await setAside(to);
    await syncDirectory(dataDir);
    crashPoint("store-aside");
    await rm(to.path, { recursive: true, force: true });
    await rename(from.path, to.path);
  }
  await markFormat(to);
  await rm(from.marker, { force: true });
  await rm(noteOf(dataDir), { force: true });
  await syncDirectory(dataDir);
  return aside;
}
