/** Gets a blob from this node's store or from whichever peer has it; every try has a deadline. */
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { requestBlob } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/protocol.ts";
import { BlobError, type BlobStore } from "./blob-store.ts";

export interface FetchOptions {
  /** Asked first, in this order; all other peers after them. */
  readonly prefer?: readonly string[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface BlobFetcherModules {
  readonly blobs: BlobStore;
  readonly host: StreamHost & { peers(): { peerId: string }[] };
}

export class BlobFetcher {
  readonly #modules: BlobFetcherModules;
  readonly #running = new Map<string, Promise<Uint8Array>>();

  constructor(modules: BlobFetcherModules) {
    this.#modules = modules;
  }

  /**
   * @param hash SHA-256
   * @throws BlobError BLOB_NOT_FOUND when nobody has it; the signal's reason
   */
  fetch(hash: Uint8Array, options: FetchOptions): Promise<Uint8Array> {
    const name = toHex(hash);
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const started = this.#fetch(hash, options).finally(() => this.#running.delete(name));
    this.#running.set(name, started);
    return started;
  }

  async #fetch(hash: Uint8Array, options: FetchOptions): Promise<Uint8Array> {
    const { blobs, host } = this.#modules;
    const stored = await blobs.get(hash);
    if (stored !== undefined) return stored;
    const connected = host.peers().map(({ peerId }) => peerId);
    const preferred = (options.prefer ?? []).filter((peer) => connected.includes(peer));
    const others = connected.filter((peer) => !preferred.includes(peer));
    for (const peer of [...preferred, ...others]) {
      options.signal.throwIfAborted();
      try {
        const { maxBytes, signal } = options;
        const bytes = await requestBlob(host, peer, hash, { maxBytes, signal });
        await blobs.put(bytes);
        return bytes;
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
      }
    }
    const name = toHex(hash);
    throw new BlobError(
      `none of ${connected.length} peers has blob ${name}`,
      { code: "BLOB_NOT_FOUND", hash: name },
      { action: "ignore", remedy: "wait until a node that holds it is connected" },
    );
  }
}
