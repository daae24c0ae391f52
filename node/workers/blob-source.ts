/** Bytes with a name that are read piece by piece when they are needed, so they need not be in memory as a whole. */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { type BlobRef, PART_BYTES, refOf } from "./blob.ts";
import { breach } from "./worker-error.ts";

export interface BlobSource extends BlobRef {
  /** In order; together they have `size` bytes; throws when they no longer have the hash. */
  pieces(): AsyncIterable<Uint8Array>;
}

export function inMemory(bytes: Uint8Array): BlobSource {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      yield bytes.subarray(at, at + PART_BYTES);
    }
  }
  return { ...refOf(bytes), pieces };
}

/**
 * All bytes, for callers that need them at once.
 * @throws WorkerError PROTOCOL when the bytes do not have the hash
 */
export async function wholeOf({ hash, size, pieces }: BlobSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces()) {
    if (filled + piece.length > size) throw breach(`more than ${size} bytes of ${hash}`);
    bytes.set(piece, filled);
    filled += piece.length;
  }
  if (filled !== size || toHex(sha256(bytes)) !== hash) throw breach(`not the bytes of ${hash}`);
  return bytes;
}
