/**
 * Fetches the chunks of a snapshot from all peers that offer it, a few at a time from each. Every chunk is checked
 * against its hash (p2p/protocols/blob.ts). A peer that sends a wrong chunk, or fails repeatedly, is not asked again.
 * Chunks that are already here are not fetched again.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import { P2pError } from "../../p2p/errors.ts";
import { requestBlob } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import { BlobError } from "../blobs/blob-store.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { SnapshotManifest } from "./manifest.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { CHUNK_BYTES } from "./state-stream.ts";

export interface DownloadModules {
  readonly host: StreamHost;
  readonly snapshots: SnapshotStore;
  readonly log: NodeLog;
}

const PER_PEER = 2;
const CHUNK_MS = 20_000;
/** After so many failures in a row a peer is not asked again. */
const MAX_FAILURES = 3;

/**
 * @param peers those that offer the snapshot
 * @param onProgress called with the number of chunks that are here
 * @throws SnapshotError NO_SNAPSHOT when no peer is left before all chunks are here
 */
export async function downloadChunks(
  { chunks, height }: SnapshotManifest,
  peers: readonly string[],
  modules: DownloadModules,
  options: { readonly signal: AbortSignal; onProgress(done: number): void },
): Promise<void> {
  const wanted = new Map(chunks.map((hash) => [toHex(hash), hash]));
  for (const [name, hash] of wanted) {
    if (await isHere(modules.snapshots, hash)) wanted.delete(name);
  }
  const total = wanted.size;
  const queue = [...wanted.values()];
  const done = (): void => options.onProgress(chunks.length - total + (total - wanted.size));
  done();
  const failures = new Map<string, number>();
  const work = async (peer: string): Promise<void> => {
    while ((failures.get(peer) ?? 0) < MAX_FAILURES && !options.signal.aborted) {
      const hash = queue.shift();
      if (hash === undefined) return;
      if (await fetchChunk(hash, peer, modules, options.signal, failures)) {
        wanted.delete(toHex(hash));
        done();
      } else queue.push(hash);
    }
  };
  // A worker that found the queue empty may be needed again when another one returns its chunk.
  while (wanted.size > 0 && !options.signal.aborted) {
    const left = peers.filter((peer) => (failures.get(peer) ?? 0) < MAX_FAILURES);
    if (left.length === 0) {
      throw SnapshotError.none(
        `no peer sent the last ${wanted.size} of ${chunks.length} chunks of snapshot ${height}`,
      );
    }
    await Promise.all(left.flatMap((peer) => Array.from({ length: PER_PEER }, () => work(peer))));
  }
  options.signal.throwIfAborted();
}

async function fetchChunk(
  hash: Uint8Array,
  peer: string,
  { host, snapshots, log }: DownloadModules,
  signal: AbortSignal,
  failures: Map<string, number>,
): Promise<boolean> {
  try {
    const bytes = await requestBlob(host, peer, hash, {
      maxBytes: CHUNK_BYTES,
      use: "snapshots",
      signal: AbortSignal.any([signal, AbortSignal.timeout(CHUNK_MS)]),
    });
    await snapshots.putChunk(bytes);
    failures.delete(peer);
    return true;
  } catch (error) {
    if (!(error instanceof P2pError)) throw error;
    const isFalse = error.code === "WRONG_BLOB" || error.code === "RESPONSE_TOO_LARGE";
    failures.set(peer, isFalse ? MAX_FAILURES : (failures.get(peer) ?? 0) + 1);
    log.debug("a chunk did not arrive", { peer, code: error.code });
    return false;
  }
}

async function isHere(snapshots: SnapshotStore, hash: Uint8Array): Promise<boolean> {
  try {
    return (await snapshots.chunk(hash)) !== undefined;
  } catch (error) {
    if (error instanceof BlobError) return false;
    throw error;
  }
}
