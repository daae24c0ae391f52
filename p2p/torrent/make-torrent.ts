/** Makes the torrent of a directory: its regular files, sorted, hashed piece by piece. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { compareBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { reasonOf } from "../errors.ts";
import { TorrentError } from "./errors.ts";
import { type Layout, layOut, pieceLengthFor } from "./layout.ts";
import { checkPath, encodeTorrent, infoHashOf, MAX_FILES, type Torrent } from "./torrent-file.ts";

export interface MadeTorrent extends Torrent {
  readonly torrentFile: Uint8Array;
}

/**
 * The same files give the same bytes on any machine. Symbolic links are left out, because they could share files from
 * outside the directory.
 * @throws TorrentError TORRENT_UNSEEDABLE
 */
export async function makeTorrent(directory: string): Promise<MadeTorrent> {
  const refuse = (reason: string, cause?: unknown): TorrentError =>
    new TorrentError(
      `cannot share ${directory}: ${reason}`,
      { code: "TORRENT_UNSEEDABLE", directory, reason },
      { cause },
    );
  try {
    const files = await listFiles(directory);
    if (files.length > MAX_FILES) throw refuse(`${files.length} files, the limit is ${MAX_FILES}`);
    const lengths = files.map((file) => file.length);
    if (lengths.every((length) => length === 0)) throw refuse("it has no bytes");
    const layout = layOut(files, pieceLengthFor(lengths));
    const pieceHashes = await hashPieces(directory, layout);
    const torrentFile = encodeTorrent(layout, pieceHashes);
    return { infoHash: infoHashOf(layout, pieceHashes), layout, pieceHashes, torrentFile };
  } catch (error) {
    if (error instanceof TorrentError && error.code === "TORRENT_UNSEEDABLE") throw error;
    const reason = error instanceof PomlError ? error.message : reasonOf(error);
    throw refuse(reason, error);
  }
}

async function listFiles(directory: string): Promise<{ path: string; length: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const full = join(entry.parentPath, entry.name);
        const path = checkPath(relative(directory, full).split(sep));
        return { path, length: (await stat(full)).size };
      }),
  );
  return files.sort((a, b) => compareBytes(Buffer.from(a.path), Buffer.from(b.path)));
}

async function hashPieces(directory: string, layout: Layout): Promise<Uint8Array> {
  const { pieceLength } = layout;
  const hashes: Uint8Array[] = [];
  for (const file of layout.files) {
    if (file.length === 0) continue;
    let read = 0;
    const stream = createReadStream(join(directory, file.path), { highWaterMark: pieceLength });
    for await (const chunk of splitPieces(stream, pieceLength)) {
      read += chunk.length;
      hashes.push(hashPiece(chunk, pieceSize(layout, hashes.length)));
    }
    if (read !== file.length) throw new Error(`${file.path} changed while it was read`);
  }
  return new Uint8Array(Buffer.concat(hashes));
}

function pieceSize(layout: Layout, piece: number): number {
  return Math.min(layout.pieceLength, layout.length - piece * layout.pieceLength);
}

function hashPiece(bytes: Uint8Array, size: number): Uint8Array {
  return createHash("sha1")
    .update(bytes)
    .update(new Uint8Array(size - bytes.length))
    .digest();
}

/** A read stream may yield chunks shorter than requested. */
async function* splitPieces(
  stream: AsyncIterable<Uint8Array>,
  pieceLength: number,
): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(pieceLength);
  let filled = 0;
  for await (const chunk of stream) {
    let at = 0;
    while (at < chunk.length) {
      const part = chunk.subarray(at, at + pieceLength - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === pieceLength) {
        yield piece;
        piece = new Uint8Array(pieceLength);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
