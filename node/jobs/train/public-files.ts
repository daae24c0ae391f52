/**
 * Files of jobs that anybody may fetch by hash: blobs that are not withheld, and manifests and chunks of shared
 * datasets. A dataset that was only imported stays private until an order uses it.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { MAX_MANIFEST_BYTES } from "../../../ml/dataset/manifest.ts";
import { BlobError, type BlobStore } from "../../blobs/blob-store.ts";
import { type ServedFile, servedFile } from "../../blobs/served-file.ts";
import { ByteCache } from "../byte-cache.ts";
import { findChunk } from "./find-chunk.ts";

const CACHE_BYTES = 32 * 1024 * 1024;

export class PublicFiles {
  readonly #dataDir: string;
  readonly #blobs: BlobStore;
  /** Recently requested manifests, as stored on the disk. */
  readonly #manifests = new ByteCache(CACHE_BYTES);

  constructor({ dataDir }: { dataDir: string }, { blobs }: { blobs: BlobStore }) {
    this.#dataDir = dataDir;
    this.#blobs = blobs;
  }

  blob(hash: Uint8Array): Promise<ServedFile | undefined> {
    return this.#blobs.serveFile(hash);
  }

  /**
   * @param dataset id, hex
   * @param name file name in the manifest, or the SHA-256 of the chunk in hex
   * @returns undefined when this node has no such chunk, or may not show the dataset
   */
  async chunk(dataset: string, name: string): Promise<ServedFile | undefined> {
    const found = findChunk(await this.#manifest(dataset), name);
    if (found === undefined) return undefined;
    const { file, sha256 } = found;
    return servedFile(join(this.#dataDir, "datasets", dataset, file), {
      sha256,
      onDamaged: async () => damagedChunk(dataset, file, sha256),
    });
  }

  /** Empty when there is none to show: a dataset is shared if its manifest is a blob. */
  async #manifest(dataset: string): Promise<Buffer> {
    const blob = await this.#blobs.serveFile(fromHex(dataset));
    if (blob === undefined || blob.sizeBytes > MAX_MANIFEST_BYTES) return Buffer.alloc(0);
    return this.#manifests.get(dataset, () => readFile(join(this.#dataDir, "blobs", dataset)));
  }
}

function damagedChunk(dataset: string, file: string, hash: string): BlobError {
  return new BlobError(
    `chunk ${file} of dataset ${dataset} no longer has its hash`,
    { code: "BLOB_DAMAGED", hash },
    { action: "local", remedy: "import the dataset again, or fetch it anew; check the disk" },
  );
}
