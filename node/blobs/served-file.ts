/**
 * A file on this disk that anybody may have, in pieces: it never lies in memory as a whole. The last piece is held
 * back until all of it has the hash that it is named by, so a damaged file never arrives complete.
 */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";

const PIECE_BYTES = 64 * 1024;

export interface ServedFile {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Opens the file with the first piece, closes it with the last or when the reader stops. */
  read(): AsyncGenerator<Uint8Array>;
}

/** @returns undefined when there is no such file */
export async function servedFile(
  path: string,
  { sha256, onDamaged }: { readonly sha256: string; readonly onDamaged?: () => Promise<Error> },
): Promise<ServedFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  const sizeBytes = found.size;

  async function* read(): AsyncGenerator<Uint8Array> {
    const digest = createHash("sha256");
    const file = await open(path, "r");
    try {
      let left = sizeBytes;
      let kept: Uint8Array = new Uint8Array();
      while (left > 0) {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, left));
        const { bytesRead } = await file.read(piece, 0, piece.length);
        if (bytesRead === 0) break;
        if (kept.length > 0) yield kept;
        kept = piece.subarray(0, bytesRead);
        digest.update(kept);
        left -= bytesRead;
      }
      if (left > 0 || digest.digest("hex") !== sha256) {
        throw (await onDamaged?.()) ?? new Error(`file ${sha256} does not have its hash any more`);
      }
      yield kept;
    } finally {
      await file.close();
    }
  }
  return { sizeBytes, sha256, read };
}
