/**
 * The parts of a checked manifest that a node needs, in arrays: it contains no text from strangers, and is small enough
 * to pass from process to process without parsing it again.
 */
import { HASH_BYTES, toHex } from "../../chain/crypto/hash.ts";
import type { Manifest, ManifestChunk, Split } from "./manifest.ts";

/** The chunks of a split, column by column. */
export interface ChunkTable {
  readonly rows: Uint32Array;
  readonly bytes: Uint32Array;
  /** SHA-256, 32 bytes each. */
  readonly hashes: Uint8Array;
  readonly files: readonly string[];
}

export interface DatasetIndex {
  /** Hex SHA-256 of the manifest. */
  readonly id: string;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly classes: number;
  readonly train: ChunkTable;
  readonly test: ChunkTable;
}

export function indexOfManifest(manifest: Manifest, id: string, size: number): DatasetIndex {
  return {
    id,
    size,
    classes: manifest.classes.length,
    train: tableOf(manifest.train),
    test: tableOf(manifest.test),
  };
}

function tableOf(chunks: readonly ManifestChunk[]): ChunkTable {
  const hashes = new Uint8Array(HASH_BYTES * chunks.length);
  chunks.forEach(({ sha256 }, i) => {
    hashes.set(Buffer.from(sha256, "hex"), HASH_BYTES * i);
  });
  return {
    rows: Uint32Array.from(chunks, ({ rows }) => rows),
    bytes: Uint32Array.from(chunks, ({ bytes }) => bytes),
    hashes,
    files: chunks.map(({ file }) => file),
  };
}

/** @throws RangeError when there is no such chunk */
export function chunkOf(index: DatasetIndex, split: Split, at: number): ManifestChunk {
  const { files, rows, bytes, hashes } = index[split];
  const file = files[at];
  if (file === undefined) throw new RangeError(`${split} chunk ${at} of ${files.length}`);
  const sha256 = toHex(hashes.subarray(HASH_BYTES * at, HASH_BYTES * (at + 1)));
  return { file, rows: rows[at] ?? 0, bytes: bytes[at] ?? 0, sha256 };
}

export function rowsOf({ rows }: ChunkTable): number {
  return rows.reduce((sum, one) => sum + one, 0);
}
