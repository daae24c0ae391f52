/** The folder of a dataset: it is complete as soon as it has a manifest. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const MANIFEST = "manifest.json";

/** Moves the files one by one, and the manifest last. */
export async function moveInto(folder: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const names = (await readdir(folder)).sort(
    (a, b) => Number(a === MANIFEST) - Number(b === MANIFEST),
  );
  for (const name of names) await rename(join(folder, name), join(target, name));
  await rm(folder, { recursive: true, force: true });
}
