/**
 * Blobs by their SHA-256: model weights, updates, torrent files. The hash is checked before anything is
 * returned, so a blob is right whoever sent it, and a peer that sends other bytes has proved its own fault.
 * First frame: u64 little-endian size. Then the bytes.
 */
import { createHash } from "node:crypto";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { P2pError } from "../errors.ts";
import { answerRequests } from "./answer.ts";
import { badRequest, badResponse, type Protocol, type StreamHost } from "./protocol.ts";
import { type RequestOptions, sendRequest } from "./request.ts";

export const MAX_BLOB_BYTES = 256 * 1024 * 1024;
const FRAME_BYTES = 256 * 1024;
const SIZE_BYTES = 8;
const HASH_BYTES = 32;

export const BLOB: Protocol = {
  name: "blob",
  maxRequestBytes: HASH_BYTES,
  maxFrameBytes: FRAME_BYTES,
  maxResponseBytes: MAX_BLOB_BYTES + SIZE_BYTES,
  stepMs: 10_000,
  totalMs: 30 * 60_000,
  maxConcurrent: 8,
  // Most are small: updates of small models, and those that are not there yet.
  rate: { burst: 128, perSecond: 64 },
};

export interface BlobOptions extends RequestOptions {
  /** Refuse a larger blob at its first frame; at most and by default 256 MiB. */
  readonly maxBytes?: number;
  onProgress?(received: number, total: number): void;
}

/**
 * @param hash SHA-256 of the blob
 * @throws P2pError NOT_FOUND when the peer has no such blob, WRONG_BLOB when it sent other bytes
 */
export async function requestBlob(
  host: StreamHost,
  peer: string,
  hash: Uint8Array,
  options: BlobOptions = {},
): Promise<Uint8Array> {
  const fail = (error: P2pError): P2pError => {
    host.report(peer, error);
    return error;
  };
  const limit = Math.min(options.maxBytes ?? MAX_BLOB_BYTES, MAX_BLOB_BYTES);
  const digest = createHash("sha256");
  let blob: Uint8Array | undefined;
  let received = 0;
  for await (const frame of sendRequest(host, peer, BLOB, hash, options)) {
    if (blob === undefined) {
      if (frame.length !== SIZE_BYTES) throw fail(badResponse(peer, BLOB.name, "no size frame"));
      const size = new DataView(frame.buffer, frame.byteOffset).getBigUint64(0, true);
      if (size > BigInt(limit)) throw tooLarge(peer, limit, size);
      blob = new Uint8Array(Number(size));
      continue;
    }
    if (frame.length > blob.length - received) {
      throw fail(badResponse(peer, BLOB.name, `more than the announced ${blob.length} bytes`));
    }
    blob.set(frame, received);
    digest.update(frame);
    received += frame.length;
    options.onProgress?.(received, blob.length);
  }
  if (blob === undefined || received !== blob.length) {
    throw fail(badResponse(peer, BLOB.name, `${received} of ${blob?.length ?? "?"} bytes`));
  }
  const expected = toHex(hash);
  const actual = digest.digest("hex");
  if (actual !== expected) {
    const facts = { code: "WRONG_BLOB", peer, expected, actual } as const;
    throw fail(new P2pError(`blob ${expected}: the peer sent bytes with hash ${actual}`, facts));
  }
  return blob;
}

/** @param find the blob of a SHA-256, or undefined when this node does not have it */
export function serveBlobs(
  host: StreamHost,
  find: (hash: Uint8Array) => Promise<Uint8Array | undefined>,
): Promise<void> {
  return answerRequests(host, BLOB, async function* (request, { peer }) {
    if (request.length !== HASH_BYTES) {
      throw badRequest(peer, BLOB.name, `expected a hash of ${HASH_BYTES} bytes`);
    }
    const blob = await find(request);
    if (blob === undefined) {
      throw new P2pError(`blob ${toHex(request)}: not here`, { code: "NOT_FOUND", what: "blob" });
    }
    const size = new Uint8Array(SIZE_BYTES);
    new DataView(size.buffer).setBigUint64(0, BigInt(blob.length), true);
    yield size;
    for (let at = 0; at < blob.length; at += FRAME_BYTES) {
      yield blob.subarray(at, at + FRAME_BYTES);
    }
  });
}

/** The name of a blob. */
export function blobHash(blob: Uint8Array): Uint8Array {
  return sha256(blob);
}

/** Larger than this caller wants is no offence of the peer's. */
function tooLarge(peer: string, limit: number, size: bigint): P2pError {
  return new P2pError(
    `blob: ${size} bytes is over the limit of ${limit}`,
    { code: "RESPONSE_TOO_LARGE", peer, protocol: BLOB.name, limit },
    { action: "ignore" },
  );
}
