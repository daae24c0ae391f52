/**
 * Replaces the old database by a rebuilt one; the old one is moved aside and never deleted. A note says that the new
 * one is complete, so whatever a crash leaves undone is completed at the next start.
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

/** Removes the remains of a rebuild that did not finish. */
export async function discardRebuilding(dataDir: string): Promise<void> {
  const { path, marker } = rebuildingPlace(dataDir);
  await rm(marker, { force: true });
  await rm(path, { recursive: true, force: true });
}

/**
 * The rebuilt database is complete; both must be closed.
 * @returns the new path of the old one
 */
export async function replaceStore(dataDir: string): Promise<string | undefined> {
  crashPoint("store-rebuilt");
  await writeDurably(noteOf(dataDir), "");
  return finishReplacing(dataDir);
}

/** Completes a replacement that was interrupted; does nothing if there is none. */
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
