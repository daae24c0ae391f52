/**
 * The snapshots in a data directory: `snapshots/HEIGHT.manifest`, and the chunks as content-addressed files that
 * several snapshots may share. A manifest is written after its chunks, so its presence means that the snapshot is
 * complete; chunks that no manifest names are removed.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { BlobStore } from "../blobs/blob-store.ts";
import { decodeManifest, SnapshotManifest } from "./manifest.ts";

const NAME = /^(\d{1,10})\.manifest$/;

export class SnapshotStore {
  readonly #folder: string;
  readonly #chunks: BlobStore;

  private constructor(folder: string, chunks: BlobStore) {
    this.#folder = folder;
    this.#chunks = chunks;
  }

  static async open(dataDir: string): Promise<SnapshotStore> {
    const folder = join(dataDir, "snapshots");
    await mkdir(folder, { recursive: true });
    return new SnapshotStore(folder, await BlobStore.open(folder));
  }

  /** Lowest height first. A manifest that does not decode is left out, because it cannot be served. */
  async list(): Promise<SnapshotManifest[]> {
    const heights = (await readdir(this.#folder)).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    const manifests: SnapshotManifest[] = [];
    for (const height of heights.map(Number).sort((a, b) => a - b)) {
      try {
        manifests.push(decodeManifest(await readFile(this.#path(height))));
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
      }
    }
    return manifests;
  }

  /** @returns the SHA-256 of the chunk */
  putChunk(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#chunks.put(bytes);
  }

  /** @throws BlobError BLOB_DAMAGED */
  chunk(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#chunks.get(hash);
  }

  /** All chunks must be stored already. Keeps the newest `keep` snapshots. */
  async add(manifest: SnapshotManifest, keep: number): Promise<void> {
    const path = this.#path(manifest.height);
    const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(SnapshotManifest.serialize(manifest));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await this.prune(keep);
  }

  /** Removes all but the newest `keep` snapshots, and every chunk that none of them names. */
  async prune(keep: number): Promise<void> {
    const all = await this.list();
    const kept = all.slice(Math.max(0, all.length - keep));
    for (const { height } of all.slice(0, all.length - kept.length)) {
      await rm(this.#path(height), { force: true });
    }
    await this.#chunks.retain(new Set(kept.flatMap(({ chunks }) => chunks.map(toHex))));
  }

  #path(height: number): string {
    return join(this.#folder, `${height}.manifest`);
  }
}
