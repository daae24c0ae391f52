/**
 * Content-addressed files of this node: model JSON, parameters, updates, manifests, torrent files.
 * Written to a temporary file, synced and renamed, so a blob is either whole or not there.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { type Room, UNBOUNDED, withRoom } from "../storage/room.ts";
import { type ServedFile, servedFile } from "./served-file.ts";
import { Withheld } from "./withheld.ts";

export type BlobFacts =
  | { code: "BLOB_NOT_FOUND"; hash: string }
  | { code: "BLOB_DAMAGED"; hash: string };

export class BlobError extends PomlError<BlobFacts> {}

export class BlobStore {
  readonly #folder: string;
  /** Blobs that are ours but not to be served yet. */
  readonly #withheld: Withheld;
  readonly #room: Room;

  private constructor(folder: string, withheld: Withheld, room: Room) {
    this.#folder = folder;
    this.#withheld = withheld;
    this.#room = room;
  }

  /** @param room default: as much as the disk has */
  static async open(dataDir: string, room: Room = UNBOUNDED): Promise<BlobStore> {
    const folder = join(dataDir, "blobs");
    await mkdir(folder, { recursive: true });
    return new BlobStore(folder, await Withheld.open(join(dataDir, "withheld")), room);
  }

  /**
   * @returns the SHA-256 that names the bytes
   * @throws StorageError JOB_DISK_FULL
   */
  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const hash = sha256(bytes);
    const path = this.#path(hash);
    if (await this.#touch(path)) return hash;
    await withRoom(this.#room, "blobs", bytes.length, async ({ wrote }) => {
      const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
        wrote(bytes.length);
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    });
    return hash;
  }

  /** `put` of a blob that is withheld from the start. @returns the SHA-256 that names the bytes */
  async putWithheld(bytes: Uint8Array): Promise<Uint8Array> {
    await this.withhold(sha256(bytes));
    return this.put(bytes);
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return stat(this.#path(hash)).then(
      () => true,
      () => false,
    );
  }

  /** @throws BlobError BLOB_DAMAGED; the damaged file is removed, so that it is fetched again */
  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path(hash));
    } catch {
      return undefined;
    }
    if (toHex(sha256(bytes)) !== toHex(hash)) throw await this.#damaged(hash);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async remove(hash: Uint8Array): Promise<void> {
    await this.removeNamed(toHex(hash));
  }

  /** @param name hex, or that of what an interrupted write left */
  async removeNamed(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
    await this.#withheld.delete(name);
  }

  /** Removes every blob whose name (hex) is not in `names`, and what interrupted writes left. */
  async retain(names: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!names.has(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /** Keeps a blob from being served until `release`, over restarts too: an update is secret before its reveal. */
  withhold(hash: Uint8Array): Promise<void> {
    return this.#withheld.add(toHex(hash));
  }

  release(hash: Uint8Array): Promise<void> {
    return this.#withheld.delete(toHex(hash));
  }

  /** What a peer may have. */
  async serve(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#withheld.has(toHex(hash)) ? undefined : this.get(hash);
  }

  /** What anybody may have, in pieces. Reading it throws BlobError BLOB_DAMAGED as `get` does. */
  async serveFile(hash: Uint8Array): Promise<ServedFile | undefined> {
    const name = toHex(hash);
    if (this.#withheld.has(name)) return undefined;
    return servedFile(this.#path(hash), { sha256: name, onDamaged: () => this.#damaged(hash) });
  }

  async #damaged(hash: Uint8Array): Promise<BlobError> {
    const name = toHex(hash);
    await this.remove(hash);
    return new BlobError(
      `blob ${name} does not have its hash any more`,
      { code: "BLOB_DAMAGED", hash: name },
      { action: "local", remedy: "it was removed and will be fetched again; check the disk" },
    );
  }

  /** Put again, it is as young as a new one. @returns false when there is no such file */
  #touch(path: string): Promise<boolean> {
    const now = new Date();
    return utimes(path, now, now).then(
      () => true,
      () => false,
    );
  }

  #path(hash: Uint8Array): string {
    return join(this.#folder, toHex(hash));
  }
}
