/**
 * Fetches blobs by their SHA-256: model weights, updates, torrent files. They travel frame by frame, and neither end
 * needs to hold one in memory. The hash is checked before the receiver learns that a blob is complete, so the content
 * is right whichever peer sent it, and a peer that sends other bytes is proven to be at fault. The first frame is the
 * size as u64 little-endian; the bytes follow.
 */
import { createHash } from "node:crypto";
import { HASH_BYTES, toHex } from "../../chain/crypto/hash.ts";
import { P2pError } from "../errors.ts";
import { answerRequests } from "./answer.ts";
import type { BytesInFlight } from "./bytes-in-flight.ts";
import { badRequest, badResponse, type Protocol } from "./protocol.ts";
import { type RequestOptions, sendRequest } from "./request.ts";
import type { StreamHost } from "./stream-host.ts";

const MAX_BLOB_BYTES = 256 * 1024 * 1024;
const FRAME_BYTES = 256 * 1024;
const SIZE_BYTES = 8;

export const BLOB: Protocol = {
  name: "blob",
  maxRequestBytes: HASH_BYTES,
  maxFrameBytes: FRAME_BYTES,
  maxResponseBytes: MAX_BLOB_BYTES + SIZE_BYTES,
  // A reader that takes at least one frame in this time keeps its place: 26 kB/s.
  stepMs: 10_000,
  totalMs: 30 * 60_000,
  maxConcurrent: 8,
  // Most blobs are small: updates of small models, and updates that do not exist yet.
  rate: { burst: 128, perSecond: 64 },
};

export interface BlobOptions extends RequestOptions {
  /** A larger blob is refused at its first frame; the default and the maximum are 256 MiB. */
  readonly maxBytes?: number;
  onProgress?(received: number, total: number): void;
}

/** Takes the bytes of a blob as they arrive; an error it throws ends the request. */
export interface BlobSink {
  /**
   * Called once, before any byte.
   * @param size in bytes, within the limits
   */
  begin(size: number): Promise<void> | void;
  write(piece: Uint8Array): Promise<void> | void;
}

/** A blob that is read while it is being sent. */
export interface BlobPieces {
  readonly size: number;
  /** In order; together they have `size` bytes. */
  pieces(): AsyncIterable<Uint8Array>;
}

/**
 * Resolves when the sink has all bytes and their hash is right.
 * @param hash SHA-256 of the blob
 * @throws P2pError NOT_FOUND when the peer has no such blob, WRONG_BLOB when it sent other bytes
 */
export async function requestBlobInto(
  host: StreamHost,
  peer: string,
  hash: Uint8Array,
  sink: BlobSink,
  options: BlobOptions = {},
): Promise<void> {
  const fail = (error: P2pError): P2pError => {
    host.report(peer, error);
    return error;
  };
  const limit = Math.min(options.maxBytes ?? MAX_BLOB_BYTES, MAX_BLOB_BYTES);
  const digest = createHash("sha256");
  let size: number | undefined;
  let received = 0;
  for await (const frame of sendRequest(host, peer, BLOB, hash, options)) {
    if (size === undefined) {
      if (frame.length !== SIZE_BYTES) throw fail(badResponse(peer, BLOB.name, "no size frame"));
      const told = new DataView(frame.buffer, frame.byteOffset).getBigUint64(0, true);
      if (told > BigInt(limit)) throw tooLarge(peer, limit, told);
      size = Number(told);
      await sink.begin(size);
      continue;
    }
    if (frame.length > size - received) {
      throw fail(badResponse(peer, BLOB.name, `more than the announced ${size} bytes`));
    }
    digest.update(frame);
    await sink.write(frame);
    received += frame.length;
    options.onProgress?.(received, size);
  }
  if (size === undefined || received !== size) {
    throw fail(badResponse(peer, BLOB.name, `${received} of ${size ?? "?"} bytes`));
  }
  const expected = toHex(hash);
  const actual = digest.digest("hex");
  if (actual === expected) return;
  const facts = { code: "WRONG_BLOB", peer, expected, actual } as const;
  throw fail(new P2pError(`blob ${expected}: the peer sent bytes with hash ${actual}`, facts));
}

/**
 * Fetches a small blob into memory.
 * @throws as requestBlobInto
 */
export function requestBlob(
  host: StreamHost,
  peer: string,
  hash: Uint8Array,
  options: BlobOptions = {},
): Promise<Uint8Array> {
  return intoMemory((sink) => requestBlobInto(host, peer, hash, sink, options));
}

/**
 * @param request fills the sink
 * @returns the bytes
 */
export async function intoMemory(request: (sink: BlobSink) => Promise<void>): Promise<Uint8Array> {
  let blob = new Uint8Array();
  let filled = 0;
  const sink: BlobSink = {
    begin: (size) => {
      blob = new Uint8Array(size);
    },
    write: (piece) => {
      blob.set(piece, filled);
      filled += piece.length;
    },
  };
  await request(sink);
  return blob;
}

/**
 * @param find the blob with a SHA-256, or undefined when this node does not have it
 * @param inFlight bytes that may be on their way to all readers together
 */
export function serveBlobs(
  host: StreamHost,
  find: (hash: Uint8Array) => Promise<Uint8Array | BlobPieces | undefined>,
  inFlight?: BytesInFlight,
): Promise<void> {
  return answerRequests(host, BLOB, async function* (request, { peer, signal }) {
    if (request.length !== HASH_BYTES) {
      throw badRequest(peer, BLOB.name, `expected a hash of ${HASH_BYTES} bytes`);
    }
    const found = await find(request);
    if (found === undefined) {
      throw new P2pError(`blob ${toHex(request)}: not here`, { code: "NOT_FOUND", what: "blob" });
    }
    const blob = found instanceof Uint8Array ? piecesOf(found) : found;
    const size = new Uint8Array(SIZE_BYTES);
    new DataView(size.buffer).setBigUint64(0, BigInt(blob.size), true);
    yield size;
    const pieces = blob.pieces()[Symbol.asyncIterator]();
    try {
      for (let left = blob.size; left > 0; ) {
        const release = await inFlight?.take(peer, Math.min(left, FRAME_BYTES), signal);
        try {
          const { value, done } = await pieces.next();
          if (done || value === undefined) return;
          left -= value.length;
          // Resolves when the frame has (almost) left this process.
          for (let at = 0; at < value.length; at += FRAME_BYTES) {
            yield value.subarray(at, at + FRAME_BYTES);
          }
        } finally {
          release?.();
        }
      }
      // A last check of the file: if it changed meanwhile, the reader must not be told that the blob is complete.
      await pieces.next();
    } finally {
      await pieces.return?.();
    }
  });
}

function piecesOf(blob: Uint8Array): BlobPieces {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < blob.length; at += FRAME_BYTES) {
      yield blob.subarray(at, at + FRAME_BYTES);
    }
  }
  return { size: blob.length, pieces };
}

/** A blob larger than this caller accepts is no offence of the peer. */
function tooLarge(peer: string, limit: number, size: bigint): P2pError {
  return new P2pError(
    `blob: ${size} bytes is over the limit of ${limit}`,
    { code: "RESPONSE_TOO_LARGE", peer, protocol: BLOB.name, limit },
    { action: "ignore" },
  );
}
