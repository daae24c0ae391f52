/**
 * Fetches a blob to this node's disk from any peer that has it, piece by piece. If a peer is slower than the lowest
 * acceptable rate, the next one is asked in parallel, and the first complete blob counts. Callers that want the same
 * blob share one search, which ends early only when none of them waits any more.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { type Clock, systemClock } from "../clock.ts";
import { SharedRuns } from "../shared-runs.ts";
import { type Room, UNBOUNDED, withRoom } from "../storage/room.ts";
import type { BlobSource } from "../workers/blob-source.ts";
import type { BlobPeers } from "./blob-peers.ts";
import { BlobError, type BlobStore } from "./blob-store.ts";
import type { BlobWriter } from "./blob-writer.ts";

export interface FetchOptions {
  /** Asked first, in this order. */
  readonly prefer?: readonly string[];
  /**
   * Asks no other peers: for a blob that hardly any other peer can have yet. Default: all other peers are asked after
   * them.
   */
  readonly onlyPreferred?: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface BlobFetcherModules {
  readonly blobs: Pick<BlobStore, "has" | "get" | "source" | "pathOf" | "writer">;
  readonly peers: BlobPeers;
  readonly clock?: Pick<Clock, "sleep">;
  /** Room is requested here before the first byte arrives; default: the disk is the only limit. */
  readonly room?: Room;
}

export interface FetchTimings {
  /** Time between two checks of a peer's progress. */
  readonly lookMs: number;
  /** If fewer bytes than this arrived since the last check, another peer is asked in parallel. */
  readonly leastBytes: number;
}

const TIMINGS: FetchTimings = { lookMs: 4_000, leastBytes: 256 * 1024 };
/** The largest number of peers that are asked for one blob at the same time. */
const MAX_BESIDE = 3;

export interface FetchedFile {
  readonly path: string;
  readonly source: BlobSource;
}

export class BlobFetcher {
  readonly #modules: BlobFetcherModules;
  readonly #timings: FetchTimings;
  readonly #searches = new SharedRuns<void>();

  constructor(modules: BlobFetcherModules, timings: Partial<FetchTimings> = {}) {
    this.#modules = modules;
    this.#timings = { ...TIMINGS, ...timings };
  }

  /**
   * Returns the bytes themselves, for small blobs.
   * @param hash SHA-256
   * @throws BlobError BLOB_NOT_FOUND when no asked peer has it; StorageError JOB_DISK_FULL when there is no room for
   * `maxBytes`; the signal's reason
   */
  async fetch(hash: Uint8Array, options: FetchOptions): Promise<Uint8Array> {
    await this.#fetched(hash, options);
    const bytes = await this.#modules.blobs.get(hash);
    if (bytes === undefined) throw notFound(hash, "it was removed from the disk again");
    return bytes;
  }

  /**
   * Fetches the blob as a file on this disk.
   * @throws as fetch
   */
  async fetchFile(hash: Uint8Array, options: FetchOptions): Promise<FetchedFile> {
    await this.#fetched(hash, options);
    const { blobs } = this.#modules;
    const source = await blobs.source(hash);
    if (source === undefined) throw notFound(hash, "it was removed from the disk again");
    return { path: blobs.pathOf(hash), source };
  }

  async #fetched(hash: Uint8Array, options: FetchOptions): Promise<void> {
    options.signal.throwIfAborted();
    if (await this.#modules.blobs.has(hash)) return;
    options.signal.throwIfAborted();
    const key = keyOf(hash, options);
    await this.#searches.use(key, options.signal, (signal) =>
      this.#search(hash, { ...options, signal }),
    );
  }

  async #search(hash: Uint8Array, options: FetchOptions): Promise<void> {
    const { room = UNBOUNDED } = this.#modules;
    await withRoom(room, "blobs", options.maxBytes, async (held) => {
      const signal = AbortSignal.any([options.signal, held.signal]);
      held.wrote(await this.#askAll(hash, { ...options, signal }));
    });
  }

  /** @returns the size of the blob, which is stored here now */
  async #askAll(hash: Uint8Array, options: FetchOptions): Promise<number> {
    const waiting = this.#peersToAsk(options);
    const count = waiting.length;
    const over = new AbortController();
    const signal = AbortSignal.any([options.signal, over.signal]);
    let running = 0;
    try {
      return await new Promise<number>((resolve, reject) => {
        const begin = (): void => {
          const peer = running < MAX_BESIDE ? waiting.shift() : undefined;
          if (peer === undefined) {
            if (running === 0) reject(notFound(hash, `none of ${count} peers has it`));
            return;
          }
          running += 1;
          this.#ask(peer, hash, { ...options, signal }, begin).then((size) => {
            running -= 1;
            if (size !== undefined) resolve(size);
            else if (signal.aborted) reject(signal.reason);
            else begin();
          }, reject);
        };
        begin();
      });
    } finally {
      over.abort(new Error("another peer was faster"));
    }
  }

  /**
   * @param onSlow called at every check that finds too little progress
   * @returns the size of the blob, when it is stored here
   */
  async #ask(
    peer: string,
    hash: Uint8Array,
    { maxBytes, signal }: FetchOptions,
    onSlow: () => void,
  ): Promise<number | undefined> {
    const { blobs, peers } = this.#modules;
    let writer: BlobWriter | undefined;
    let received = 0;
    let seen = 0;
    const over = new AbortController();
    const look = (): void => {
      if (received - seen < this.#timings.leastBytes) onSlow();
      seen = received;
    };
    this.#every(this.#timings.lookMs, look, over.signal);
    const sink = {
      begin: async (): Promise<void> => {
        writer = await blobs.writer(hash);
      },
      write: async (piece: Uint8Array): Promise<void> => {
        await writer?.write(piece);
        received += piece.length;
      },
    };
    try {
      await peers.request(peer, hash, sink, { maxBytes, signal, use: "files" });
      await writer?.finish();
      writer = undefined;
      return received;
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      return undefined;
    } finally {
      over.abort(new Error("the peer has answered"));
      await writer?.discard();
    }
  }

  /** Calls `look` at intervals until the signal fires. */
  #every(ms: number, look: () => void, signal: AbortSignal): void {
    const { clock = systemClock } = this.#modules;
    const again = (): void => {
      look();
      this.#every(ms, look, signal);
    };
    clock.sleep(ms, signal).then(again, () => {});
  }

  #peersToAsk({ prefer = [], onlyPreferred = false }: FetchOptions): string[] {
    const connected = this.#modules.peers.connected();
    const preferred = prefer.filter((peer) => connected.includes(peer));
    const others = connected.filter((peer) => !preferred.includes(peer));
    return onlyPreferred ? preferred : [...preferred, ...others];
  }
}

/** Callers that ask other peers, or accept less, do not share a search, because one may find what another may not. */
function keyOf(
  hash: Uint8Array,
  { prefer = [], onlyPreferred = false, maxBytes }: FetchOptions,
): string {
  return [toHex(hash), maxBytes, ...(onlyPreferred ? prefer : ["all"])].join(" ");
}

function notFound(hash: Uint8Array, reason: string): BlobError {
  const name = toHex(hash);
  return new BlobError(
    `blob ${name}: ${reason}`,
    { code: "BLOB_NOT_FOUND", hash: name },
    { action: "ignore", remedy: "wait until a node that holds it is connected" },
  );
}
