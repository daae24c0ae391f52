/**
 * One torrent in this node: its directory, the files wanted from it, and the wait for them. It wraps WebTorrent's
 * torrent object, which downloads pieces and knows only the files that we ask for.
 */
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WebTorrentTorrent } from "webtorrent";
import { toHex } from "../../chain/crypto/hash.ts";
import { reasonOf } from "../errors.ts";
import { cancelled, TorrentError } from "./errors.ts";
import type { TorrentFile } from "./layout.ts";
import type { Torrent } from "./torrent-file.ts";

export interface Progress {
  /** Verified bytes of the wanted files. */
  readonly downloaded: number;
  readonly total: number;
  readonly peers: number;
  /** Bytes per second for all wanted files of this torrent together. */
  readonly speed: number;
}

/** Finds nodes ("ip:port") that may have the files; it is called again while none of them is connected. */
export type PeerFinder = () => Promise<readonly string[]>;

export interface WaitOptions {
  readonly peers: readonly string[] | PeerFinder;
  /** Longest time without a verified piece. */
  readonly stallMs: number;
  readonly signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** WebTorrent gives up an unreachable peer after three tries; we offer the peer again while we wait. */
const REDIAL_MS = 1_000;
/** After so many redials without success, this node looks for other nodes. */
const FIND_EVERY = 3;
const WANTED_PRIORITY = 1;

export class Swarm {
  readonly torrent: Torrent;
  readonly directory: string;
  readonly #web: WebTorrentTorrent;
  readonly #waiting = new Set<ReadonlySet<TorrentFile>>();
  readonly #name: string;
  #uses = 0;

  constructor(torrent: Torrent, directory: string, web: WebTorrentTorrent) {
    this.torrent = torrent;
    this.directory = directory;
    this.#web = web;
    this.#name = toHex(torrent.infoHash);
  }

  get uploaded(): number {
    return this.#web.uploaded;
  }

  get received(): number {
    return this.#web.received;
  }

  get peers(): number {
    return this.#web.numPeers;
  }

  /** Whether a caller here waits for it. */
  get isWanted(): boolean {
    return this.#uses > 0;
  }

  /** Keeps the torrent open until `work` is done. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#uses++;
    try {
      return await work();
    } finally {
      this.#uses--;
    }
  }

  /** Disconnects all peers and frees the memory; the files stay. */
  close(): void {
    if (!this.#web.destroyed) this.#web.destroy();
  }

  get piecesHeld(): number {
    const { layout } = this.torrent;
    return layout.files.reduce((sum, file) => sum + file.pieces - this.#missing(file).length, 0);
  }

  addPeer(address: string): void {
    this.#web.addPeer(address);
  }

  /** Resolves once pieces on disk are verified and the torrent can be shared. */
  async ready(signal: AbortSignal | undefined): Promise<void> {
    if (this.#web.ready) return;
    await this.#settled(signal, (resolve) => {
      this.#web.once("ready", resolve);
      return () => this.#web.off("ready", resolve);
    });
  }

  /** Downloads `files` and resolves once every piece of them is verified and stored. */
  async fetch(files: readonly TorrentFile[], options: WaitOptions): Promise<void> {
    const wanted = new Set(files);
    this.#waiting.add(wanted);
    try {
      for (const file of files) {
        if (file.pieces === 0) await this.#createEmpty(file);
        else this.#web.select(file.firstPiece, file.firstPiece + file.pieces - 1, WANTED_PRIORITY);
      }
      await this.#arrival(files, options);
    } finally {
      this.#waiting.delete(wanted);
      if (!this.#web.destroyed) this.#release(files);
    }
  }

  #arrival(files: readonly TorrentFile[], options: WaitOptions): Promise<void> {
    const missing = new Set(files.flatMap((file) => this.#missing(file)));
    const progress = this.#meter(files, missing);
    options.onProgress?.(progress());
    if (missing.size === 0) return Promise.resolve();
    return this.#settled(options.signal, (resolve, reject) => {
      const stall = setTimeout(() => reject(this.#stalled(options, missing.size)), options.stallMs);
      const dialer = this.#dialer(options.peers);
      const redial = setInterval(dialer, REDIAL_MS);
      const onVerified = (piece: number): void => {
        if (!missing.delete(piece)) return;
        stall.refresh();
        options.onProgress?.(progress());
        if (missing.size === 0) resolve();
      };
      this.#web.on("verified", onVerified);
      dialer();
      return () => {
        clearTimeout(stall);
        clearInterval(redial);
        this.#web.off("verified", onVerified);
      };
    });
  }

  /** Ends every wait on the torrent: it is done, it was cancelled, or the torrent failed. */
  #settled(
    signal: AbortSignal | undefined,
    begin: (resolve: () => void, reject: (error: Error) => void) => () => void,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let end = (): void => {};
      const finish = (settle: () => void): void => {
        end();
        this.#web.off("error", onError);
        this.#web.off("close", onClose);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const fail = (error: Error): void => finish(() => reject(error));
      const onError = (error: unknown): void => fail(this.#failed(reasonOf(error), error));
      const onClose = (): void => fail(this.#failed("the torrent was closed"));
      const onAbort = (): void => fail(cancelled(this.#name));
      if (signal?.aborted) return reject(cancelled(this.#name));
      if (this.#web.destroyed) return reject(this.#failed("the torrent was closed"));
      this.#web.once("error", onError);
      this.#web.once("close", onClose);
      signal?.addEventListener("abort", onAbort, { once: true });
      end = begin(() => finish(resolve), fail);
    });
  }

  #missing(file: TorrentFile): number[] {
    const pieces = Array.from({ length: file.pieces }, (_, i) => file.firstPiece + i);
    return pieces.filter((piece) => this.#web.bitfield?.get(piece) !== true);
  }

  #meter(files: readonly TorrentFile[], missing: ReadonlySet<number>): () => Progress {
    const { pieceLength } = this.torrent.layout;
    const total = files.reduce((sum, file) => sum + file.length, 0);
    const sizes = new Map<number, number>();
    for (const file of files) {
      for (let i = 0; i < file.pieces; i++) {
        sizes.set(file.firstPiece + i, Math.min(pieceLength, file.length - i * pieceLength));
      }
    }
    return () => {
      let left = 0;
      for (const piece of missing) left += sizes.get(piece) ?? 0;
      const { numPeers: peers, downloadSpeed: speed } = this.#web;
      return { downloaded: total - left, total, peers, speed };
    };
  }

  /** @returns a function that offers peers to WebTorrent; call it again and again */
  #dialer(peers: readonly string[] | PeerFinder): () => void {
    const dial = (addresses: readonly string[]): void => {
      if (this.#web.destroyed) return;
      for (const address of addresses) this.#web.addPeer(address);
    };
    if (typeof peers !== "function") return () => dial(peers);
    let known: readonly string[] = [];
    let calls = 0;
    return () => {
      const isDue = calls++ % FIND_EVERY === 0 && (calls === 1 || this.#web.numPeers === 0);
      if (!isDue) return dial(known);
      peers().then(
        (found) => {
          known = found;
          dial(known);
        },
        () => dial(known),
      );
    };
  }

  /** Stops the download of files that no caller waits for any more. */
  #release(files: readonly TorrentFile[]): void {
    for (const file of files) {
      const stillWanted = [...this.#waiting].some((wanted) => wanted.has(file));
      if (stillWanted || file.pieces === 0) continue;
      this.#web.deselect(file.firstPiece, file.firstPiece + file.pieces - 1);
    }
  }

  async #createEmpty(file: TorrentFile): Promise<void> {
    const path = join(this.directory, file.path);
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, "a")).close();
  }

  #stalled({ stallMs }: WaitOptions, missing: number): TorrentError {
    const peers = this.#web.numPeers;
    return new TorrentError(
      `torrent ${this.#name}: no piece within ${stallMs} ms, ${missing} missing, ${peers} peers`,
      { code: "TORRENT_STALLED", infoHash: this.#name, stallMs, peers, missing },
      {
        remedy:
          "check that a node with these files is running and that its torrent port can be reached",
      },
    );
  }

  #failed(reason: string, cause?: unknown): TorrentError {
    const facts = { code: "TORRENT_FAILED", infoHash: this.#name, reason } as const;
    return new TorrentError(`torrent ${this.#name}: ${reason}`, facts, {
      cause,
      remedy: "check free space and permissions of the destination",
    });
  }
}
