/**
 * Gets a blob from this node's store or from whichever peer has it; every try has a deadline. Callers that want
 * the same blob share one search, which ends early only when none of them waits any more.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { requestBlob } from "../../p2p/protocols/blob.ts";
import type { StreamHost } from "../../p2p/protocols/protocol.ts";
import { type Room, UNBOUNDED } from "../storage/room.ts";
import { StorageError } from "../storage/storage-error.ts";
import { BlobError, type BlobStore } from "./blob-store.ts";

export interface FetchOptions {
  /** Asked first, in this order. */
  readonly prefer?: readonly string[];
  /** Asks nobody else: for what hardly anybody can have yet. Default: all other peers after them. */
  readonly onlyPreferred?: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface BlobFetcherModules {
  readonly blobs: BlobStore;
  readonly host: StreamHost & { peers(): { peerId: string }[] };
  /** Asked before the first byte comes; default: as much as the disk has. */
  readonly room?: Room;
}

interface Search {
  readonly found: Promise<Uint8Array>;
  readonly control: AbortController;
  callers: number;
}

export class BlobFetcher {
  readonly #modules: BlobFetcherModules;
  /** By blob, and by whether all peers are asked. */
  readonly #searches = new Map<string, Search>();

  constructor(modules: BlobFetcherModules) {
    this.#modules = modules;
  }

  /**
   * @param hash SHA-256
   * @throws BlobError BLOB_NOT_FOUND when nobody asked has it; StorageError JOB_DISK_FULL when there is no room
   * for `maxBytes`; the signal's reason
   */
  async fetch(hash: Uint8Array, options: FetchOptions): Promise<Uint8Array> {
    options.signal.throwIfAborted();
    const key = `${toHex(hash)} ${options.onlyPreferred === true}`;
    const search = this.#searches.get(key) ?? this.#begin(key, hash, options);
    search.callers += 1;
    try {
      return await whileWanted(search.found, options.signal);
    } finally {
      search.callers -= 1;
      if (search.callers === 0) search.control.abort(new Error("nobody waits for the blob"));
    }
  }

  #begin(key: string, hash: Uint8Array, options: FetchOptions): Search {
    const control = new AbortController();
    const found = this.#search(hash, { ...options, signal: control.signal });
    const search = { found, control, callers: 0 };
    this.#searches.set(key, search);
    const forget = (): void => {
      if (this.#searches.get(key) === search) this.#searches.delete(key);
    };
    control.signal.addEventListener("abort", forget, { once: true });
    found.then(forget, forget);
    return search;
  }

  async #search(hash: Uint8Array, options: FetchOptions): Promise<Uint8Array> {
    const { blobs, room = UNBOUNDED } = this.#modules;
    const stored = await blobs.get(hash);
    if (stored !== undefined) return stored;
    const held = await room.reserve("blobs", options.maxBytes);
    let found: Uint8Array;
    try {
      found = await this.#ask(hash, options, held.signal);
    } finally {
      held.release();
    }
    await blobs.put(found);
    return found;
  }

  async #ask(
    hash: Uint8Array,
    options: FetchOptions,
    diskSignal: AbortSignal,
  ): Promise<Uint8Array> {
    const { host } = this.#modules;
    const { maxBytes } = options;
    const signal = AbortSignal.any([options.signal, diskSignal]);
    const asked = this.#peersToAsk(options);
    for (const peer of asked) {
      signal.throwIfAborted();
      try {
        return await requestBlob(host, peer, hash, { maxBytes, signal, use: "files" });
      } catch (error) {
        if (!(error instanceof PomlError) || error instanceof StorageError) throw error;
      }
    }
    signal.throwIfAborted();
    const name = toHex(hash);
    throw new BlobError(
      `none of ${asked.length} peers has blob ${name}`,
      { code: "BLOB_NOT_FOUND", hash: name },
      { action: "ignore", remedy: "wait until a node that holds it is connected" },
    );
  }

  #peersToAsk({ prefer = [], onlyPreferred = false }: FetchOptions): string[] {
    const connected = this.#modules.host.peers().map(({ peerId }) => peerId);
    const preferred = prefer.filter((peer) => connected.includes(peer));
    const others = connected.filter((peer) => !preferred.includes(peer));
    return onlyPreferred ? preferred : [...preferred, ...others];
  }
}

/** The search goes on for the others when one caller gives up. */
function whileWanted<T>(found: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    found.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
