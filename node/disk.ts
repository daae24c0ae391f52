/** The disk as stores of job files use it. Simulations pass a disk in memory that can lose what was not synced. */
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { syncDirectory } from "./durable-file.ts";

export interface DiskFile {
  /** @param position default: the end of the last read */
  read(
    target: Uint8Array,
    offset: number,
    length: number,
    position?: number | null,
  ): Promise<{ bytesRead: number }>;
  /** Writes some or all of the bytes from `offset` on, after what was written before. */
  write(bytes: Uint8Array, offset?: number): Promise<{ bytesWritten: number }>;
  /** Writes all of the bytes, after what was written before. */
  writeFile(bytes: Uint8Array): Promise<void>;
  stat(): Promise<{ size: number }>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Every method except `remove` throws where node:fs would. */
export interface Disk {
  /** @param flags "w" creates the file or empties it; only its owner can read it */
  open(path: string, flags: "r" | "w"): Promise<DiskFile>;
  readFile(path: string): Promise<Uint8Array>;
  /** @param options.flush resolves when the bytes are durable */
  writeFile(
    path: string,
    bytes: Uint8Array | string,
    options?: { readonly flush: boolean },
  ): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with its contents; does nothing if there is none. */
  remove(path: string): Promise<void>;
  /** With the folders above it. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder. */
  list(path: string): Promise<string[]>;
  stat(path: string): Promise<{ size: number; isFile(): boolean }>;
  /** Sets the file's times to now. */
  touch(path: string): Promise<void>;
  /** Resolves when the names in a folder are durable: a renamed file is found there after a power failure. */
  syncFolder(path: string): Promise<void>;
}

const OWNER_ONLY = 0o600;

export const systemDisk: Disk = {
  open: (path, flags) => open(path, flags, OWNER_ONLY),
  readFile: async (path) => {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
  writeFile: (path, bytes, options = { flush: false }) => writeFile(path, bytes, options),
  rename,
  remove: (path) => rm(path, { recursive: true, force: true }),
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  list: (path) => readdir(path),
  stat: (path) => stat(path),
  touch: (path) => {
    const now = new Date();
    return utimes(path, now, now);
  },
  syncFolder: syncDirectory,
};
