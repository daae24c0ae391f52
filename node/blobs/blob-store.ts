/**
 * Content-addressed files of this node: model JSON, parameters, updates, manifests, torrent files. A file is written
 * under a temporary name, synced and renamed, so a blob is either complete or absent.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { type Disk, systemDisk } from "../disk.ts";
import { type Room, UNBOUNDED, withRoom } from "../storage/room.ts";
import type { BlobSource } from "../workers/blob-source.ts";
import { BlobWriter } from "./blob-writer.ts";
import { type ServedFile, servedFile } from "./served-file.ts";
import { Withheld } from "./withheld.ts";

export type BlobFacts =
  | { code: "BLOB_NOT_FOUND"; hash: string }
  | { code: "BLOB_DAMAGED"; hash: string };

export class BlobError extends PomlError<BlobFacts> {}

export interface BlobStoreModules {
  /** Default: the disk is the only limit. */
  readonly room?: Room;
  readonly disk?: Disk;
}

export class BlobStore {
  readonly #folder: string;
  /** Blobs that this node has but must not serve yet. */
  readonly #withheld: Withheld;
  readonly #room: Room;
  readonly #disk: Disk;

  private constructor(
    folder: string,
    withheld: Withheld,
    { room, disk }: Required<BlobStoreModules>,
  ) {
    this.#folder = folder;
    this.#withheld = withheld;
    this.#room = room;
    this.#disk = disk;
  }

  static async open(
    dataDir: string,
    { room = UNBOUNDED, disk = systemDisk }: BlobStoreModules = {},
  ): Promise<BlobStore> {
    const folder = join(dataDir, "blobs");
    await disk.makeFolder(folder);
    const withheld = await Withheld.open(join(dataDir, "withheld"), disk);
    return new BlobStore(folder, withheld, { room, disk });
  }

  /**
   * Resolves when the bytes are durable.
   * @returns their SHA-256, which is the name of the blob
   * @throws StorageError JOB_DISK_FULL
   */
  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const hash = sha256(bytes);
    const path = this.#path(hash);
    if (await this.#touch(path)) return hash;
    await withRoom(this.#room, "blobs", bytes.length, async ({ wrote }) => {
      const writer = await BlobWriter.open(path, this.#disk);
      try {
        await writer.write(bytes);
        await writer.finish();
        await this.#disk.syncFolder(this.#folder);
        wrote(bytes.length);
      } catch (error) {
        await writer.discard();
        throw error;
      }
    });
    return hash;
  }

  /** For a blob that arrives piece by piece; the caller compares the bytes with the hash. */
  writer(hash: Uint8Array): Promise<BlobWriter> {
    return BlobWriter.open(this.#path(hash), this.#disk);
  }

  /**
   * Takes over a file on this disk as a blob.
   * @param hash of its bytes, which the caller has verified
   */
  async adopt(path: string, hash: Uint8Array): Promise<void> {
    await this.#disk.rename(path, this.#path(hash));
  }

  /** A name in this folder that is no blob's name, for a file that `adopt` will make a blob. */
  newPath(): string {
    return join(this.#folder, `${randomBytes(16).toString("hex")}.part`);
  }

  /** @param path from `newPath`, of a file that will not become a blob */
  async discard(path: string): Promise<void> {
    await this.#disk.remove(path);
  }

  /**
   * `put` of a blob that is withheld from the start.
   * @returns the SHA-256 of the bytes
   */
  async putWithheld(bytes: Uint8Array): Promise<Uint8Array> {
    await this.withhold(sha256(bytes));
    return this.put(bytes);
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return this.#disk.stat(this.#path(hash)).then(
      () => true,
      () => false,
    );
  }

  /** @throws BlobError BLOB_DAMAGED; the damaged file is removed, so that it is fetched again */
  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#disk.readFile(this.#path(hash));
    } catch {
      return undefined;
    }
    if (toHex(sha256(bytes)) !== toHex(hash)) throw await this.#damaged(hash);
    return bytes;
  }

  /** @throws BlobError BLOB_DAMAGED as `get`, without the bytes in memory */
  async verify(hash: Uint8Array): Promise<void> {
    const source = await this.source(hash);
    if (source !== undefined) for await (const _ of source.pieces());
  }

  async remove(hash: Uint8Array): Promise<void> {
    await this.removeNamed(toHex(hash));
  }

  /** @param name hex hash, or the name of a file that an interrupted write left */
  async removeNamed(name: string): Promise<void> {
    await this.#disk.remove(join(this.#folder, name));
    await this.#withheld.delete(name);
  }

  /** Removes every blob whose name (hex) is not in `names`, and the files that interrupted writes left. */
  async retain(names: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#disk.list(this.#folder)) {
      if (!names.has(name)) await this.#disk.remove(join(this.#folder, name));
    }
  }

  /** Keeps a blob from being served until `release`, also after a restart: an update is secret before its reveal. */
  withhold(hash: Uint8Array): Promise<void> {
    return this.#withheld.add(toHex(hash));
  }

  release(hash: Uint8Array): Promise<void> {
    return this.#withheld.delete(toHex(hash));
  }

  /** The path that the blob has, or would have. */
  pathOf(hash: Uint8Array): string {
    return this.#path(hash);
  }

  /** For the node's own use, in pieces. Reading it throws BlobError BLOB_DAMAGED as `get` does. */
  async source(hash: Uint8Array): Promise<BlobSource | undefined> {
    const name = toHex(hash);
    const onDamaged = () => this.#damaged(hash);
    const file = await servedFile(this.#path(hash), { sha256: name, onDamaged }, this.#disk);
    return file && { hash: name, size: file.sizeBytes, pieces: () => file.read() };
  }

  /** The blob, if a peer may have it. */
  async serve(hash: Uint8Array): Promise<BlobSource | undefined> {
    return this.#withheld.has(toHex(hash)) ? undefined : this.source(hash);
  }

  /** The blob in pieces, if anybody may have it. Reading it throws BlobError BLOB_DAMAGED as `get` does. */
  async serveFile(hash: Uint8Array): Promise<ServedFile | undefined> {
    const name = toHex(hash);
    if (this.#withheld.has(name)) return undefined;
    const onDamaged = () => this.#damaged(hash);
    return servedFile(this.#path(hash), { sha256: name, onDamaged }, this.#disk);
  }

  async #damaged(hash: Uint8Array): Promise<BlobError> {
    const name = toHex(hash);
    await this.remove(hash);
    return new BlobError(
      `blob ${name} no longer has its hash`,
      { code: "BLOB_DAMAGED", hash: name },
      { action: "local", remedy: "it was removed and will be fetched again; check the disk" },
    );
  }

  /**
   * A blob that is stored again counts as new.
   * @returns false when there is no such file
   */
  #touch(path: string): Promise<boolean> {
    return this.#disk.touch(path).then(
      () => true,
      () => false,
    );
  }

  #path(hash: Uint8Array): string {
    return join(this.#folder, toHex(hash));
  }
}
