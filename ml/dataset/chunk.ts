/**
 * The chunk file: a 16-byte header, the features row after row, the labels. All little-endian.
 *
 *   0  "PMLD"   4  version u8   5  dtype u8   6  bytes per label u8   7  zero
 *   8  rows u32   12  values per row u32   16  features   ...  labels
 *
 * Size and hash are compared with the manifest before anything is read from the bytes.
 */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { bytesOfFloats, floatsOfBytes, indexOfNonFinite } from "../bytes.ts";
import { DatasetError, refuseChunk } from "./errors.ts";
import { type Manifest, type ManifestChunk, rowSize } from "./manifest.ts";
import type { Rows } from "./rows.ts";

const MAGIC = 0x444c4d50;
const VERSION = 1;
const HEADER_BYTES = 16;
const DTYPES = { uint8: 1, float32: 2 } as const;
const VALUE_BYTES = { uint8: 1, float32: 4 } as const;

/** Size of a chunk file with `rows` rows. */
export function chunkBytes(
  manifest: Pick<Manifest, "dtype" | "shape" | "classes">,
  rows: number,
): number {
  const perRow =
    rowSize(manifest) * VALUE_BYTES[manifest.dtype] + labelBytes(manifest.classes.length);
  return HEADER_BYTES + rows * perRow;
}

export function encodeChunk(rows: Rows, classes: number): Uint8Array {
  const dtype = rows.features instanceof Uint8Array ? "uint8" : "float32";
  const features =
    rows.features instanceof Uint8Array ? rows.features : bytesOfFloats(rows.features);
  const perLabel = labelBytes(classes);
  const bytes = new Uint8Array(HEADER_BYTES + features.length + rows.labels.length * perLabel);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, DTYPES[dtype]);
  view.setUint8(6, perLabel);
  view.setUint32(8, rows.labels.length, true);
  view.setUint32(12, rows.rowSize, true);
  bytes.set(features, HEADER_BYTES);
  const start = HEADER_BYTES + features.length;
  rows.labels.forEach((label, i) => {
    if (perLabel === 1) view.setUint8(start + i, label);
    else view.setUint16(start + 2 * i, label, true);
  });
  return bytes;
}

/** @throws DatasetError CHUNK_SIZE, CHUNK_HASH, and CHUNK_FORMAT for a chunk that was made wrong */
export function decodeChunk(manifest: Manifest, chunk: ManifestChunk, bytes: Uint8Array): Rows {
  verifyChunk(chunk, bytes);
  const expected = chunkBytes(manifest, chunk.rows);
  if (bytes.length !== expected) {
    refuseChunk(
      chunk.file,
      `${chunk.rows} rows take ${expected} bytes, the manifest says ${bytes.length}`,
    );
  }
  const size = rowSize(manifest);
  const perLabel = labelBytes(manifest.classes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = [4, 5, 6, 7].map((at) => view.getUint8(at));
  const header = [view.getUint32(0, true), ...fields];
  const right = [MAGIC, VERSION, DTYPES[manifest.dtype], perLabel, 0];
  if (header.some((value, i) => value !== right[i])) {
    refuseChunk(chunk.file, "magic, version, dtype or label width differ from the manifest");
  }
  if (view.getUint32(8, true) !== chunk.rows || view.getUint32(12, true) !== size) {
    refuseChunk(chunk.file, "row count or row size differ from the manifest");
  }
  const end = HEADER_BYTES + chunk.rows * size * VALUE_BYTES[manifest.dtype];
  const raw = bytes.subarray(HEADER_BYTES, end);
  const features = manifest.dtype === "uint8" ? raw.slice() : floatsOfBytes(raw);
  if (features instanceof Float32Array && indexOfNonFinite(features) !== -1) {
    refuseChunk(chunk.file, "a feature is not a finite number");
  }
  const labels = new Uint16Array(chunk.rows);
  for (let i = 0; i < labels.length; i++) {
    const label = perLabel === 1 ? view.getUint8(end + i) : view.getUint16(end + 2 * i, true);
    if (label >= manifest.classes.length) {
      refuseChunk(
        chunk.file,
        `row ${i} has label ${label}, there are ${manifest.classes.length} classes`,
      );
    }
    labels[i] = label;
  }
  return { rowSize: size, features, labels };
}

/** @throws DatasetError CHUNK_SIZE or CHUNK_HASH unless the manifest names exactly these bytes */
export function verifyChunk(chunk: ManifestChunk, bytes: Uint8Array): void {
  const { file } = chunk;
  const remedy = "fetch the chunk again";
  if (bytes.length !== chunk.bytes) {
    throw new DatasetError(
      `chunk ${file} has ${bytes.length} bytes, expected ${chunk.bytes}`,
      { code: "CHUNK_SIZE", file, expected: chunk.bytes, actual: bytes.length },
      { remedy },
    );
  }
  const actual = toHex(sha256(bytes));
  if (actual !== chunk.sha256) {
    throw new DatasetError(
      `chunk ${file} has SHA-256 ${actual}, expected ${chunk.sha256}`,
      { code: "CHUNK_HASH", file, expected: chunk.sha256, actual },
      { remedy },
    );
  }
}

function labelBytes(classes: number): 1 | 2 {
  return classes <= 256 ? 1 : 2;
}
