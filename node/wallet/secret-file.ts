/**
 * Files that only their owner may read: written completely or not at all (temporary file, fsync, rename) with mode
 * 0600. Reading one is refused if the group or others could read it.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { shellQuote } from "../shell-quote.ts";
import { WalletError } from "./wallet-error.ts";

const MAX_BYTES = 64 * 1024;

export interface WriteOptions {
  /** Replaces an existing file; without it an existing file is an error. */
  readonly replace?: boolean;
}

/** @throws WalletError KEY_FILE_EXISTS */
export async function writeSecretFile(
  path: string,
  content: string,
  options: WriteOptions = {},
): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    if (options.replace === true) {
      await rename(temporary, path);
    } else {
      // link refuses an existing name; rename would overwrite it.
      await link(temporary, path);
      await unlink(temporary);
    }
  } catch (error) {
    await unlink(temporary);
    if (!isCode(error, "EEXIST")) throw error;
    throw new WalletError(
      `${path} exists already`,
      { code: "KEY_FILE_EXISTS", path },
      "choose another path; move the old file away yourself if it is no longer needed",
    );
  }
  await syncDirectory(directory);
}

/** @throws WalletError KEY_FILE_MISSING, KEY_FILE_EXPOSED, KEY_FILE_MALFORMED */
export async function readSecretFile(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => {
    throw isCode(error, "ENOENT") ? missing(path) : error;
  });
  const mode = info.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new WalletError(
      `${path} has mode ${mode.toString(8)}: others on this machine could read the secret`,
      { code: "KEY_FILE_EXPOSED", path, mode: mode.toString(8) },
      `chmod 600 ${shellQuote(path)}`,
    );
  }
  if (info.size > MAX_BYTES) {
    throw new WalletError(
      `${path} has ${info.size} bytes`,
      { code: "KEY_FILE_MALFORMED", path, reason: "too large" },
      "this is not a file that poml wrote; restore it from a backup",
    );
  }
  return readFile(path, "utf8");
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function missing(path: string): WalletError {
  return new WalletError(
    `${path} does not exist`,
    { code: "KEY_FILE_MISSING", path },
    "make a node's key with `npx poml init`, a client's with `npx poml wallet new`",
  );
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
