/** The disk as stores of job files see it. Simulations bring one that lies in memory and can lose what was not synced. */
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
  /** @param position default: where the last read ended */
  read(
    target: Uint8Array,
    offset: number,
    length: number,
    position?: number | null,
  ): Promise<{ bytesRead: number }>;
  /** Some or all of the bytes from `offset` on, behind what was written. */
  write(bytes: Uint8Array, offset?: number): Promise<{ bytesWritten: number }>;
  /** All of the bytes, behind what was written. */
  writeFile(bytes: Uint8Array): Promise<void>;
  stat(): Promise<{ size: number }>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Every method but `remove` throws where node:fs would. */
export interface Disk {
  /** @param flags "w" makes the file anew, readable by its owner alone */
  open(path: string, flags: "r" | "w"): Promise<DiskFile>;
  readFile(path: string): Promise<Uint8Array>;
  /** @param options.flush resolves when the bytes are durable */
  writeFile(
    path: string,
    bytes: Uint8Array | string,
    options?: { readonly flush: boolean },
  ): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file, or a folder with all that is in it; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** With the folders above it. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder. */
  list(path: string): Promise<string[]>;
  stat(path: string): Promise<{ size: number; isFile(): boolean }>;
  /** Makes a file as young as a new one. */
  touch(path: string): Promise<void>;
  /** Resolves when the names in a folder are durable: what was renamed into it is found after a loss of power. */
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
