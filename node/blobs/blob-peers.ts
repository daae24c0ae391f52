/** The peers from which blobs are requested, as job services see them. */
import { type BlobOptions, type BlobSink, requestBlobInto } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";

export interface BlobPeers {
  /** Ids of the peers that can be asked now. */
  connected(): string[];
  /**
   * Resolves when the sink has all bytes and their hash is right.
   * @param hash SHA-256
   * @throws P2pError; any error of the sink; the signal's reason
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
