/**
 * Files of jobs that anybody may have by hash: blobs that are not withheld, and manifests and chunks of datasets that
 * were shared. A dataset that was only imported stays private until an order uses it.
 */
import { join } from "node:path";
import { fromHex } from "../../chain/crypto/hash.ts";
import { decodeManifest } from "../../ml/dataset/manifest.ts";
import { BlobError, type BlobStore } from "../blobs/blob-store.ts";
import { type ServedFile, servedFile } from "../blobs/served-file.ts";

/** Hashes of the chunks of a dataset by file name. */
type ChunkHashes = ReadonlyMap<string, string>;

/** Datasets whose chunk lists are remembered; the largest takes about ten megabytes. */
const REMEMBERED = 4;

export class PublicFiles {
  readonly #folder: string;
  readonly #blobs: BlobStore;
  readonly #chunks = new Map<string, ChunkHashes>();

  constructor({ dataDir }: { dataDir: string }, { blobs }: { blobs: BlobStore }) {
    this.#folder = join(dataDir, "datasets");
    this.#blobs = blobs;
  }

  blob(hash: Uint8Array): Promise<ServedFile | undefined> {
    return this.#blobs.serveFile(hash);
  }

  /**
   * @param dataset id, hex
   * @param name file name in the manifest, or the SHA-256 of the chunk in hex
   * @returns undefined where this node has no such chunk, or may not show the dataset
   */
  async chunk(dataset: string, name: string): Promise<ServedFile | undefined> {
    const hashes = await this.#hashesOf(dataset);
    if (hashes === undefined) return undefined;
    const file = hashes.has(name) ? name : fileOf(hashes, name.toLowerCase());
    const sha256 = file === undefined ? undefined : hashes.get(file);
    if (file === undefined || sha256 === undefined) return undefined;
    return servedFile(join(this.#folder, dataset, file), {
      sha256,
      onDamaged: async () => damagedChunk(dataset, file, sha256),
    });
  }

  async #hashesOf(dataset: string): Promise<ChunkHashes | undefined> {
    const manifest = await this.#blobs.serveFile(fromHex(dataset));
    // Shared datasets are those whose manifest is a blob: an import alone makes none.
    if (manifest === undefined) return undefined;
    const known = this.#chunks.get(dataset);
    if (known !== undefined) return known;
    const bytes = await this.#blobs.get(fromHex(dataset));
    const hashes = bytes === undefined ? undefined : hashesIn(bytes);
    if (hashes === undefined) return undefined;
    const oldest = this.#chunks.keys().next();
    if (this.#chunks.size >= REMEMBERED && !oldest.done) this.#chunks.delete(oldest.value);
    this.#chunks.set(dataset, hashes);
    return hashes;
  }
}

/** @returns undefined for a blob that is no manifest */
function hashesIn(bytes: Uint8Array): ChunkHashes | undefined {
  try {
    const { train, test } = decodeManifest(bytes);
    return new Map([...train, ...test].map(({ file, sha256 }) => [file, sha256]));
  } catch {
    return undefined;
  }
}

function damagedChunk(dataset: string, file: string, hash: string): BlobError {
  return new BlobError(
    `chunk ${file} of dataset ${dataset} does not have its hash any more`,
    { code: "BLOB_DAMAGED", hash },
    { action: "local", remedy: "import the dataset again, or fetch it anew; check the disk" },
  );
}

function fileOf(hashes: ChunkHashes, sha256: string): string | undefined {
  for (const [file, hash] of hashes) if (hash === sha256) return file;
  return undefined;
}
