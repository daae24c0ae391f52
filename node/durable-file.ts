/** Small files that are complete or absent, whenever the machine stops. */
import { access, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces the file: temporary file, fsync, rename, fsync of the directory.
 * @param hooks.copied called when the new file is complete and the old one still in place
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  { copied = () => {} }: { copied?: () => void } = {},
): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  copied();
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
