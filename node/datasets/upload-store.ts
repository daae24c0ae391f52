/**
 * Uploads on this disk, piece by piece: after a broken connection the received bytes stay, and the client continues
 * where it stopped. Uploads are limited in number, size and age; they survive a restart of the node.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { toHex } from "../../chain/crypto/hash.ts";
import type { Clock } from "../clock.ts";
import { type Reservation, type Room, UNBOUNDED } from "../storage/room.ts";
import { DAY_MS } from "../units.ts";
import { UploadError } from "./upload-error.ts";

export interface UploadLimits {
  /** Limit for one file, in bytes. */
  readonly fileBytes: number;
  /** Limit for all received and announced bytes. */
  readonly totalBytes: number;
  readonly count: number;
  /** An upload is removed after so long without a new byte. */
  readonly idleMs: number;
}

export const UPLOAD_LIMITS: UploadLimits = {
  fileBytes: 256 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
  count: 16,
  idleMs: DAY_MS,
};

export interface Upload {
  readonly id: string;
  /** The final size in bytes. */
  readonly bytes: number;
  /** Bytes received so far. */
  readonly offset: number;
  /** Time in Unix milliseconds at which it is removed if nothing more arrives. */
  readonly expires: number;
}

interface Entry {
  readonly id: string;
  /** Announced size; for a body of unknown length, the limit. */
  readonly bytes: number;
  /** The upload belongs to one request and ends with it. */
  readonly isPassing: boolean;
  touched: number;
  /** Room for the bytes still to come; undefined: it is requested when more arrive. */
  held: Reservation | undefined;
  /** The request that is sending now. */
  writer: { cancel(): void; readonly ended: Promise<void> } | undefined;
}

const ID = /^[0-9a-f]{32}$/;

export class UploadStore {
  readonly #folder: string;
  readonly limits: UploadLimits;
  readonly #clock: Pick<Clock, "now">;
  readonly #room: Room;
  readonly #entries = new Map<string, Entry>();

  constructor(
    dataDir: string,
    limits: UploadLimits,
    { clock, room = UNBOUNDED }: { readonly clock: Pick<Clock, "now">; readonly room?: Room },
  ) {
    this.#folder = join(dataDir, "uploads");
    this.limits = limits;
    this.#clock = clock;
    this.#room = room;
  }

  /** Restores the uploads of an earlier run, except bodies of requests that ended with it. */
  async load(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const meta = await readMeta(join(this.#folder, name));
      if (!ID.test(name) || meta === undefined) {
        await rm(join(this.#folder, name), { recursive: true, force: true });
        continue;
      }
      const touched = (await stat(this.path(name))).mtimeMs;
      const { bytes } = meta;
      const entry = {
        id: name,
        bytes,
        isPassing: false,
        touched,
        held: undefined,
        writer: undefined,
      };
      this.#entries.set(name, entry);
    }
    await this.expire();
  }

  /** The path of an upload's bytes. */
  path(id: string): string {
    return join(this.#folder, id, "data");
  }

  /** A folder beside the bytes for the result; it is removed together with the upload. */
  outputOf(id: string): string {
    return join(this.#folder, id, "output");
  }

  /** @throws UploadError TOO_LARGE, TOO_MANY_UPLOADS; StorageError JOB_DISK_FULL */
  async create(bytes: number, { isPassing = false } = {}): Promise<Upload> {
    const { fileBytes, totalBytes, count } = this.limits;
    if (bytes > fileBytes) throw UploadError.tooLarge(fileBytes);
    await this.expire();
    const all = [...this.#entries.values()];
    const taken = all.reduce((sum, entry) => sum + entry.bytes, 0);
    if (all.length >= count) throw UploadError.tooMany(`${count} uploads are open`);
    if (taken + bytes > totalBytes) {
      throw UploadError.tooMany(`open uploads take ${taken} of ${totalBytes} bytes`);
    }
    const id = toHex(randomBytes(16));
    const touched = this.#clock.now();
    const entry: Entry = { id, bytes, isPassing, touched, held: undefined, writer: undefined };
    // Announced before the room is granted, so that two at once cannot exceed the limits above.
    this.#entries.set(id, entry);
    try {
      entry.held = await this.#room.reserve("uploads", bytes);
      await mkdir(join(this.#folder, id), { recursive: true, mode: 0o700 });
      await writeFile(this.path(id), "");
      if (!isPassing)
        await writeFile(join(this.#folder, id, "meta.json"), JSON.stringify({ bytes }));
    } catch (error) {
      await this.remove(id);
      throw error;
    }
    return this.#describe(entry);
  }

  /** @throws UploadError UNKNOWN_UPLOAD */
  async find(id: string): Promise<Upload> {
    return this.#describe(this.#entry(id));
  }

  /**
   * Appends a stream to the received bytes. An open request for the same upload is ended first, because its client has
   * lost the connection or would not have sent another request. Received bytes stay, however the stream ends.
   * @param offset where the client continues; undefined: from the start
   * @throws UploadError UNKNOWN_UPLOAD, WRONG_OFFSET, TOO_LARGE; StorageError JOB_DISK_FULL; any error of the stream
   */
  async append(id: string, offset: number, from: Readable): Promise<Upload> {
    const entry = this.#entry(id);
    // It may fail before it is read; then the read reports the error.
    from.on("error", () => {});
    while (entry.writer !== undefined) {
      entry.writer.cancel();
      await entry.writer.ended;
    }
    let done = (): void => {};
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    entry.writer = { cancel: () => from.destroy(UploadError.takenOver()), ended };
    try {
      const { size } = await stat(this.path(id));
      if (offset !== size) throw UploadError.wrongOffset(offset, size);
      await this.#write(entry, size, from, await this.#roomFor(entry, size));
    } finally {
      entry.touched = this.#clock.now();
      entry.writer = undefined;
      done();
    }
    return this.#describe(entry);
  }

  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.held?.release();
    entry?.writer?.cancel();
    await entry?.writer?.ended;
    await rm(join(this.#folder, id), { recursive: true, force: true });
  }

  /** Removes uploads that have been idle for too long. */
  async expire(): Promise<void> {
    const limit = this.#clock.now() - this.limits.idleMs;
    const old = [...this.#entries.values()].filter(
      (entry) => entry.touched < limit && entry.writer === undefined && !entry.isPassing,
    );
    for (const { id } of old) await this.remove(id);
  }

  /** Reserved room is lost when other programs fill the disk; then it is requested again. */
  async #roomFor(entry: Entry, size: number): Promise<Reservation> {
    if (entry.held?.signal.aborted) {
      entry.held.release();
      entry.held = undefined;
    }
    entry.held ??= await this.#room.reserve("uploads", entry.bytes - size);
    return entry.held;
  }

  async #write(entry: Entry, start: number, from: Readable, held: Reservation): Promise<void> {
    let at = start;
    const file = createWriteStream(this.path(entry.id), { flags: "a" });
    const failed = new Promise<never>((_, reject) => file.once("error", reject));
    failed.catch(() => {});
    try {
      // A refused stream stays open, so that its sender can read the reason.
      for await (const part of from.iterator({ destroyOnReturn: false })) {
        const bytes = part as Buffer;
        at += bytes.length;
        if (at > entry.bytes) throw UploadError.tooLarge(entry.bytes);
        held.signal.throwIfAborted();
        held.wrote(bytes.length);
        if (!file.write(bytes)) {
          await Promise.race([once(file, "drain"), failed]);
        }
      }
    } finally {
      await new Promise<void>((closed) => {
        file.once("close", closed);
        file.end();
        if (file.closed) closed();
      });
    }
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw UploadError.unknown(id);
    return entry;
  }

  async #describe({ id, bytes, touched }: Entry): Promise<Upload> {
    const { size } = await stat(this.path(id));
    return { id, bytes, offset: size, expires: Math.floor(touched + this.limits.idleMs) };
  }
}

async function readMeta(folder: string): Promise<{ bytes: number } | undefined> {
  try {
    const { bytes } = JSON.parse(await readFile(join(folder, "meta.json"), "utf8"));
    return Number.isSafeInteger(bytes) && bytes >= 0 ? { bytes } : undefined;
  } catch {
    return undefined;
  }
}
