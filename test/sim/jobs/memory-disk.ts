/**
 * A disk in memory. It outlives the process that writes to it; a loss of power takes what was not synced. Writing takes
 * simulated time, so that a crash may come between any two writes.
 */
import { dirname } from "node:path";
import type { Disk, DiskFile } from "../../../node/disk.ts";
import type { Random } from "../random.ts";
import type { Life } from "./life.ts";

interface Entry {
  bytes: Uint8Array;
  /** What a loss of power leaves; undefined: nothing was synced. */
  durable: Uint8Array | undefined;
}

const SLOWEST_WRITE_MS = 3;

export class MemoryDisk {
  readonly #files = new Map<string, Entry>();
  readonly #folders = new Set<string>();
  /** Those that are not durable yet. */
  #renames: { readonly from: string; readonly to: string }[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Of a file that was not synced all is left, or an empty file; it has its new name, or its old one. */
  losePower(): void {
    for (const { from, to } of this.#renames.splice(0).reverse()) {
      if (this.#random.chance(0.5) && this.#has(to) && !this.#has(from)) this.#move(to, from);
    }
    for (const entry of this.#files.values()) {
      if (entry.durable === entry.bytes || this.#random.chance(0.5)) continue;
      entry.bytes = entry.durable ?? new Uint8Array();
    }
  }

  /** The disk as one process sees it. */
  of(life: Pick<Life, "pause">): Disk {
    const written = (): Promise<void> => life.pause(this.#random.between(0, SLOWEST_WRITE_MS));
    return {
      open: async (path, flags) => {
        if (flags === "r") return this.#handle(this.#at(path), written);
        await written();
        const entry: Entry = { bytes: new Uint8Array(), durable: undefined };
        this.#files.set(path, entry);
        return this.#handle(entry, written);
      },
      readFile: async (path) => this.#at(path).bytes.slice(),
      writeFile: async (path, bytes, options) => {
        await written();
        const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes.slice();
        this.#files.set(path, {
          bytes: content,
          durable: options?.flush === true ? content : undefined,
        });
      },
      rename: async (from, to) => {
        await written();
        this.#move(from, to);
        this.#renames.push({ from, to });
      },
      remove: async (path) => {
        await written();
        this.#files.delete(path);
        this.#folders.delete(path);
        for (const name of [...this.#files.keys()].filter((one) => one.startsWith(`${path}/`))) {
          this.#files.delete(name);
        }
      },
      makeFolder: async (path) => void this.#folders.add(path),
      list: async (path) => {
        if (!this.#folders.has(path)) throw missing(path);
        const inside = [...this.#files.keys(), ...this.#folders]
          .filter((name) => name.startsWith(`${path}/`))
          .map((name) => name.slice(path.length + 1).split("/")[0] ?? "");
        return [...new Set(inside)].sort();
      },
      stat: async (path) => {
        const { length } = this.#at(path).bytes;
        return { size: length, isFile: () => true };
      },
      touch: async (path) => void this.#at(path),
      syncFolder: async (path) => {
        await written();
        this.#renames = this.#renames.filter(({ to }) => dirname(to) !== path);
      },
    };
  }

  #has(path: string): boolean {
    return this.#files.has(path) || this.#folders.has(path);
  }

  #at(path: string): Entry {
    const entry = this.#files.get(path);
    if (entry === undefined) throw missing(path);
    return entry;
  }

  /** A file, or a folder with all that is in it. */
  #move(from: string, to: string): void {
    const inside = [...this.#files].filter(
      ([path]) => path === from || path.startsWith(`${from}/`),
    );
    if (inside.length === 0 && !this.#folders.has(from)) throw missing(from);
    for (const [path, entry] of inside) {
      this.#files.delete(path);
      this.#files.set(to + path.slice(from.length), entry);
    }
    if (this.#folders.delete(from)) this.#folders.add(to);
  }

  #handle(entry: Entry, written: () => Promise<void>): DiskFile {
    let at = 0;
    const append = (bytes: Uint8Array): void => {
      const longer = new Uint8Array(entry.bytes.length + bytes.length);
      longer.set(entry.bytes);
      longer.set(bytes, entry.bytes.length);
      entry.bytes = longer;
    };
    return {
      read: async (target, offset, length, position) => {
        const from = position ?? at;
        const found = entry.bytes.subarray(from, from + length);
        target.set(found, offset);
        if (position === undefined || position === null) at += found.length;
        return { bytesRead: found.length };
      },
      write: async (bytes, offset = 0) => {
        append(bytes.subarray(offset));
        return { bytesWritten: bytes.length - offset };
      },
      writeFile: async (bytes) => append(bytes),
      stat: async () => ({ size: entry.bytes.length }),
      datasync: async () => {
        await written();
        entry.durable = entry.bytes;
      },
      close: async () => {},
    };
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
}
