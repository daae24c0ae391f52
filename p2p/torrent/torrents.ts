/**
 * The torrents of this node: it shares directories, fetches chosen files from other nodes, and shares these too. Only a
 * few torrents are open at a time; the others are on a shelf, and are opened when a node asks for them (`offer`).
 * Pieces are checked by their SHA-1; data that must be safe against a forged SHA-1 (dataset chunks, models) has a
 * SHA-256 of its own.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import type { Log } from "../log.ts";
import { cancelled, TorrentError } from "./errors.ts";
import type { TorrentFile } from "./layout.ts";
import { type MadeTorrent, makeTorrent } from "./make-torrent.ts";
import { OpenTorrents } from "./open-torrents.ts";
import type { TorrentShelf } from "./shelf.ts";
import { Slots } from "./slots.ts";
import type { PeerFinder, Progress, Swarm } from "./swarm.ts";
import { TorrentClient } from "./torrent-client.ts";
import { decodeTorrent, type Torrent } from "./torrent-file.ts";

export interface TorrentsOptions {
  /** Address to listen on; default: loopback. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** Default for `fetch`: longest time without a verified piece. */
  readonly stallMs?: number;
  /** Peers of one torrent. */
  readonly maxConnections?: number;
  /** Torrents open at a time; only those that are being fetched may exceed it. */
  readonly maxOpen?: number;
  /** An open torrent that nobody uses is closed after this time. */
  readonly idleMs?: number;
  /** Torrents fetched at a time; further fetches wait. */
  readonly maxFetching?: number;
}

export interface TorrentsModules {
  readonly log: Log;
  /** Without a shelf, a torrent that was closed cannot be opened again. */
  readonly shelf?: TorrentShelf;
}

export interface FetchRequest {
  /** The bytes of the torrent file; the caller has checked their SHA-256. */
  readonly torrentFile: Uint8Array;
  /** Paths in the torrent; all files unless given. */
  readonly files?: readonly string[];
  /** "ip:port" of nodes that may have the files, or a function that finds such nodes. */
  readonly peers: readonly string[] | PeerFinder;
  readonly destination: string;
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}

export interface Fetched {
  readonly infoHash: Uint8Array;
  /** Where the files are: the destination, or the directory in which this node had the torrent already. */
  readonly directory: string;
}

export interface TorrentStats {
  readonly infoHash: string;
  readonly directory: string;
  /** Piece bytes over the wire. */
  readonly downloaded: number;
  readonly uploaded: number;
  readonly peers: number;
  readonly piecesHeld: number;
  readonly pieces: number;
}

const STALL_MS = 30_000;
const IDLE_MS = 10_000;

export class Torrents {
  readonly #options: Required<TorrentsOptions>;
  readonly #shelf: TorrentShelf | undefined;
  readonly #open: OpenTorrents;
  readonly #fetching: Slots;
  /** By directory. */
  readonly #seeding = new Map<string, Promise<MadeTorrent>>();
  readonly #client: TorrentClient;
  #tidying: NodeJS.Timeout | undefined;

  constructor(options: TorrentsOptions, { log, shelf }: TorrentsModules) {
    this.#options = {
      host: "127.0.0.1",
      port: 0,
      stallMs: STALL_MS,
      maxConnections: 16,
      maxOpen: 16,
      idleMs: IDLE_MS,
      maxFetching: 8,
      ...options,
    };
    this.#client = new TorrentClient(this.#options, log);
    this.#shelf = shelf;
    const { maxOpen: open, idleMs } = this.#options;
    this.#open = new OpenTorrents({ open, idleMs }, () => performance.now());
    this.#fetching = new Slots(this.#options.maxFetching);
  }

  /** @throws TorrentError TORRENT_PORT_IN_USE */
  async start(): Promise<void> {
    await this.#client.start();
    this.#tidying = setInterval(() => this.#open.tidy(), this.#options.idleMs / 4);
  }

  /** Stops sharing; files stay. */
  async stop(): Promise<void> {
    clearInterval(this.#tidying);
    this.#open.clear();
    await this.#client.stop();
  }

  /** The TCP port others fetch from. */
  get port(): number {
    return this.#client.port;
  }

  /** "ip:port" on which it listens; a fetch on this machine can use it in `peers`. */
  get address(): string {
    return this.#client.address;
  }

  /**
   * Shares the files of a directory. The same files give the same torrent file; calls made while it is being built get
   * the same one.
   * @throws TorrentError TORRENT_UNSEEDABLE
   */
  seed(directory: string): Promise<MadeTorrent> {
    const running = this.#seeding.get(directory);
    if (running !== undefined) return running;
    const started = this.#seed(directory).finally(() => this.#seeding.delete(directory));
    this.#seeding.set(directory, started);
    return started;
  }

  async #seed(directory: string): Promise<MadeTorrent> {
    this.#client.running("seed");
    const made = await makeTorrent(directory);
    const name = toHex(made.infoHash);
    await this.#shelf?.put(made.infoHash, { directory, torrentFile: made.torrentFile });
    const swarm = this.#open.get(name) ?? this.#openShelved(made, directory, true);
    await swarm?.use(() => swarm.ready(undefined));
    return made;
  }

  /** Whether the torrent of a directory is on the shelf. */
  isShared(directory: string): boolean {
    return this.#shelf?.holds(directory) === true;
  }

  /**
   * Opens a torrent that this node has, for a node that is about to fetch from it.
   * @returns false when it is not here, or when all torrents that may be open are in use
   */
  async offer(infoHash: Uint8Array): Promise<boolean> {
    if (!this.#client.isRunning) return false;
    const name = toHex(infoHash);
    if (this.#open.get(name) !== undefined) return true;
    const shelved = await this.#shelf?.get(infoHash);
    if (shelved === undefined || !this.#client.isRunning) return false;
    const { torrentFile, directory } = shelved;
    const torrent = { ...decodeTorrent(torrentFile), torrentFile };
    const swarm = this.#open.get(name) ?? this.#openShelved(torrent, directory, false);
    if (swarm === undefined) return false;
    await swarm.use(() => swarm.ready(undefined));
    return true;
  }

  /** Closes and forgets the torrent of a directory whose files are about to be deleted. */
  async forget(directory: string): Promise<void> {
    for (const swarm of this.#open.all()) if (swarm.directory === directory) swarm.close();
    await this.#shelf?.remove(directory);
  }

  /**
   * Stops sharing the torrent; its files stay.
   * @param infoHash in hex
   */
  async unshare(infoHash: string): Promise<void> {
    this.#open.get(infoHash)?.close();
    await this.#shelf?.drop(infoHash);
  }

  /**
   * Fetches files, resolves when they are complete and verified, and then shares them. Files already in the destination
   * are verified and not fetched again. Only the chosen files are downloaded.
   * @throws TorrentError TORRENT_INVALID, TORRENT_UNKNOWN_FILE, TORRENT_STALLED, TORRENT_CANCELLED, TORRENT_FAILED
   */
  async fetch(request: FetchRequest): Promise<Fetched> {
    this.#client.running("fetch");
    const torrent = decodeTorrent(request.torrentFile);
    const files = chosenFiles(torrent, request.files);
    try {
      return await this.#fetching.run(request.signal, () => this.#fetch(request, torrent, files));
    } catch (error) {
      const isCancelled = request.signal?.aborted === true && error === request.signal.reason;
      throw isCancelled ? cancelled(toHex(torrent.infoHash)) : error;
    }
  }

  async #fetch(request: FetchRequest, torrent: Torrent, files: TorrentFile[]): Promise<Fetched> {
    const { infoHash } = torrent;
    const { torrentFile, peers, signal, stallMs = this.#options.stallMs } = request;
    const { directory } = (await this.#shelf?.get(infoHash)) ?? { directory: request.destination };
    await this.#shelf?.put(infoHash, { torrentFile, directory });
    this.#open.makeRoom();
    const swarm =
      this.#open.get(toHex(infoHash)) ?? this.#add({ ...torrent, torrentFile }, directory, false);
    await swarm.use(async () => {
      await swarm.ready(signal);
      const onProgress = request.onProgress?.bind(request);
      await swarm.fetch(files, { peers, stallMs, signal, onProgress });
    });
    return { infoHash, directory: swarm.directory };
  }

  /** @param peer "ip:port" */
  addPeer(infoHash: Uint8Array, peer: string): void {
    const name = toHex(infoHash);
    const swarm = this.#open.get(name);
    if (swarm === undefined) {
      const facts = { code: "TORRENT_UNKNOWN", infoHash: name } as const;
      throw new TorrentError(`torrent ${name} is not here`, facts);
    }
    swarm.addPeer(peer);
  }

  stats(): TorrentStats[] {
    return this.#open.all().map((swarm) => ({
      infoHash: toHex(swarm.torrent.infoHash),
      directory: swarm.directory,
      downloaded: swarm.received,
      uploaded: swarm.uploaded,
      peers: swarm.peers,
      piecesHeld: swarm.piecesHeld,
      pieces: swarm.torrent.pieceHashes.length / 20,
    }));
  }

  /** Undefined when all torrents that may be open are in use. */
  #openShelved(torrent: MadeTorrent, directory: string, complete: boolean): Swarm | undefined {
    return this.#open.makeRoom() ? this.#add(torrent, directory, complete) : undefined;
  }

  #add(torrent: MadeTorrent, directory: string, complete: boolean): Swarm {
    const name = toHex(torrent.infoHash);
    const swarm = this.#client.add(torrent, directory, {
      complete,
      onClosed: (closed) => this.#open.remove(name, closed),
    });
    this.#open.add(name, swarm);
    return swarm;
  }
}

function chosenFiles(torrent: Torrent, paths: readonly string[] | undefined): TorrentFile[] {
  if (paths === undefined) return [...torrent.layout.files];
  const files = new Map(torrent.layout.files.map((file) => [file.path, file]));
  return [...new Set(paths)].map((path) => {
    const file = files.get(path);
    if (file !== undefined) return file;
    throw new TorrentError(`the torrent has no file ${JSON.stringify(path)}`, {
      code: "TORRENT_UNKNOWN_FILE",
      file: path,
    });
  });
}
