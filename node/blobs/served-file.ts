/**
 * A file on this disk that anybody may have, read in pieces, so that it is never in memory as a whole. The last piece
 * is held back until the hash of all bytes has been verified, so a damaged file never arrives complete.
 */
import { createHash } from "node:crypto";
import { PomlError } from "../../chain/errors.ts";
import { type Disk, type DiskFile, systemDisk } from "../disk.ts";

export const PIECE_BYTES = 256 * 1024;

export interface ServedFile {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Opens the file with the first piece; closes it after the last one, or when the reader stops. */
  read(): AsyncGenerator<Uint8Array>;
}

/**
 * @param onDamaged the error to throw when the bytes do not have the hash
 * @returns undefined when there is no such file
 */
export async function servedFile(
  path: string,
  { sha256, onDamaged }: { readonly sha256: string; readonly onDamaged: () => Promise<Error> },
  disk: Disk = systemDisk,
): Promise<ServedFile | undefined> {
  const found = await disk.stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  const sizeBytes = found.size;

  async function* read(): AsyncGenerator<Uint8Array> {
    const digest = createHash("sha256");
    const file = await opened(path, disk);
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
        throw await onDamaged();
      }
      yield kept;
    } finally {
      await file.close();
    }
  }
  return { sizeBytes, sha256, read };
}

/** @throws PomlError NOT_FOUND when the file has been removed meanwhile */
async function opened(path: string, disk: Disk): Promise<DiskFile> {
  try {
    return await disk.open(path, "r");
  } catch (cause) {
    throw new PomlError(
      "the file is no longer on this disk",
      { code: "NOT_FOUND", what: "file" },
      { action: "ignore", remedy: "ask another node", cause },
    );
  }
}
