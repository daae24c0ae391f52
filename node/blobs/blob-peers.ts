/** The peers that blobs are asked of, as job services see them. */
import { type BlobOptions, type BlobSink, requestBlobInto } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";

export interface BlobPeers {
  /** Peer ids of those that can be asked now. */
  connected(): string[];
  /**
   * Resolves when the sink has all bytes, and they have the hash.
   * @param hash SHA-256
   * @throws P2pError; what the sink threw; the signal's reason
   */
  request(peer: string, hash: Uint8Array, sink: BlobSink, options: BlobOptions): Promise<void>;
}

export function blobPeersOf(
  host: StreamHost & { peers(): readonly { readonly peerId: string }[] },
): BlobPeers {
  return {
    connected: () => host.peers().map(({ peerId }) => peerId),
    request: (peer, hash, sink, options) => requestBlobInto(host, peer, hash, sink, options),
  };
}
