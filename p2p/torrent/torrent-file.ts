/**
 * Reads and writes torrent files (BEP 3, v1) in the form of this project: one `info` dictionary and nothing else, with
 * a fixed name and the private flag, so that the same files always give the same bytes and the same info hash. The
 * reader accepts only this form, and checks every length, count and path before it allocates or writes anything.
 */
import { createHash } from "node:crypto";
import { type Bencoded, type BencodedDictionary, decode, encode, isDictionary } from "./bencode.ts";
import { invalid, TorrentError } from "./errors.ts";
import { type Layout, layOut, MAX_PIECE_LENGTH, MIN_PIECE_LENGTH, paddingAfter } from "./layout.ts";

export interface Torrent {
  /** SHA-1 of the info dictionary, by which BitTorrent peers know the torrent. */
  readonly infoHash: Uint8Array;
  readonly layout: Layout;
  /** SHA-1 of each piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
}

export const MAX_TORRENT_FILE_BYTES = 4 * 1024 * 1024;
export const MAX_FILES = 10_000;
const MAX_PATH_PARTS = 8;
const MAX_NAME_BYTES = 200;
const MAX_TOTAL_BYTES = 2 ** 40;
const SHA1_BYTES = 20;
/** Room in the torrent file for one file with a short name, and for its padding. */
const FILE_ENTRY_BYTES = 256;
const NAME = "data";
const PADDING_FOLDER = ".pad";

/**
 * The largest size of a torrent file for so many files with short names, for planning.
 * @param bytes of all these files together
 */
export function maxTorrentFileBytes(files: number, bytes: number): number {
  const pieces = files + Math.ceil(bytes / MIN_PIECE_LENGTH);
  return Math.min(MAX_TORRENT_FILE_BYTES, 1024 + files * FILE_ENTRY_BYTES + pieces * SHA1_BYTES);
}

export function encodeTorrent(layout: Layout, pieceHashes: Uint8Array): Uint8Array {
  return encode({ info: infoOf(layout, pieceHashes) });
}

/** @throws TorrentError TORRENT_INVALID or TORRENT_TOO_LARGE */
export function decodeTorrent(bytes: Uint8Array): Torrent {
  if (bytes.length > MAX_TORRENT_FILE_BYTES) {
    throw tooLarge("torrent file bytes", MAX_TORRENT_FILE_BYTES, bytes.length);
  }
  const root = decode(bytes);
  const info = isDictionary(root) ? root.info : undefined;
  if (!isDictionary(info)) throw invalid("no info dictionary");
  const pieceLength = info["piece length"];
  if (
    typeof pieceLength !== "number" ||
    pieceLength < MIN_PIECE_LENGTH ||
    pieceLength > MAX_PIECE_LENGTH ||
    (pieceLength & (pieceLength - 1)) !== 0
  ) {
    throw invalid(`piece length ${String(pieceLength)} is no power of two in range`);
  }
  const pieceHashes = info.pieces;
  if (!(pieceHashes instanceof Uint8Array)) throw invalid("no piece hashes");
  const layout = layOut(filesOf(info), pieceLength);
  const pieces = Math.ceil(layout.length / pieceLength);
  if (pieces === 0) throw invalid("no bytes to share");
  if (pieceHashes.length !== pieces * SHA1_BYTES) throw invalid("wrong number of piece hashes");
  // Only the canonical form is accepted, which also covers padding, name and flags, and excludes anything else.
  if (!Buffer.from(encodeTorrent(layout, pieceHashes)).equals(bytes)) {
    throw invalid("not in the canonical form of this project");
  }
  return { infoHash: infoHashOf(layout, pieceHashes), layout, pieceHashes };
}

export function infoHashOf(layout: Layout, pieceHashes: Uint8Array): Uint8Array {
  const info = encode(infoOf(layout, pieceHashes));
  return new Uint8Array(createHash("sha1").update(info).digest());
}

/**
 * Refuses any path that could leave its directory, or could mean different files on different systems.
 * @throws TorrentError TORRENT_INVALID
 */
export function checkPath(parts: readonly string[]): string {
  const path = parts.join("/");
  const shown = JSON.stringify(path.slice(0, 200));
  if (parts.length === 0 || parts.length > MAX_PATH_PARTS) throw invalid(`path ${shown}: depth`);
  for (const part of parts) {
    if (part === "" || part === "." || part === ".." || part === PADDING_FOLDER) {
      throw invalid(`path ${shown}: part ${JSON.stringify(part)}`);
    }
    if (/[/\\:\p{Cc}\ufffd]/u.test(part) || Buffer.byteLength(part) > MAX_NAME_BYTES) {
      throw invalid(`path ${shown}: characters or length`);
    }
  }
  return path;
}

function infoOf(layout: Layout, pieceHashes: Uint8Array): BencodedDictionary {
  const files = layout.files.flatMap((file) => {
    const entry: BencodedDictionary = {
      length: file.length,
      path: file.path.split("/").map((part) => Buffer.from(part)),
    };
    const padding = paddingAfter(layout, file);
    return padding === 0 ? [entry] : [entry, paddingEntry(padding)];
  });
  return {
    files,
    name: Buffer.from(NAME),
    "piece length": layout.pieceLength,
    pieces: pieceHashes,
    private: 1,
  };
}

function paddingEntry(length: number): BencodedDictionary {
  const path = [PADDING_FOLDER, String(length)].map((part) => Buffer.from(part));
  return { attr: Buffer.from("p"), length, path };
}

function filesOf(info: BencodedDictionary): { path: string; length: number }[] {
  const list = info.files;
  if (!Array.isArray(list)) throw invalid("no list of files");
  if (list.length > 2 * MAX_FILES) throw tooLarge("files", 2 * MAX_FILES, list.length);
  const files: { path: string; length: number }[] = [];
  let total = 0;
  for (const entry of list as readonly Bencoded[]) {
    if (!isDictionary(entry)) throw invalid("a file is no dictionary");
    const { length, path } = entry;
    if (typeof length !== "number" || length < 0) throw invalid("a file without length");
    total += length;
    if (total > MAX_TOTAL_BYTES) throw tooLarge("bytes", MAX_TOTAL_BYTES, total);
    // Padding is computed anew; the comparison with the canonical form shows whether it was right.
    if (entry.attr !== undefined) continue;
    files.push({ path: checkPath(partsOf(path)), length });
  }
  checkDistinct(files.map((file) => file.path));
  return files;
}

function partsOf(path: Bencoded | undefined): string[] {
  if (!Array.isArray(path)) throw invalid("a file without path");
  return (path as readonly Bencoded[]).map((part) => {
    if (!(part instanceof Uint8Array)) throw invalid("a path part is no string");
    return new TextDecoder().decode(part);
  });
}

/** Refuses two files whose names some file system would treat as one, and a file that is also a folder. */
function checkDistinct(paths: readonly string[]): void {
  const fold = (path: string): string => path.normalize("NFC").toLowerCase();
  const files = new Set(paths.map(fold));
  if (files.size !== paths.length) throw invalid("two files with one path");
  for (const path of files) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      if (files.has(path.slice(0, at))) throw invalid(`${path}: a file is also a folder`);
    }
  }
}

function tooLarge(what: string, limit: number, size: number): TorrentError {
  return new TorrentError(`torrent: ${size} ${what} is over the limit of ${limit}`, {
    code: "TORRENT_TOO_LARGE",
    what,
    limit,
    size,
  });
}
