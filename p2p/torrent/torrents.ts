/**
 * The torrents of this node: shares directories, fetches chosen files of others' and goes on sharing what it
 * has. WebTorrent over TCP only; no DHT, tracker, local discovery or peer exchange: peers come from our own
 * records. Torrent traffic is neither encrypted nor authenticated; pieces are checked by their SHA-1, and what
 * must be safe against a forged SHA-1 carries its own SHA-256 (dataset chunks, models).
 */
import { once } from "node:events";
import WebTorrent, { type AddOptions } from "webtorrent";
import { toHex } from "../../chain/crypto/hash.ts";
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { TorrentError } from "./errors.ts";
import type { TorrentFile } from "./layout.ts";
import { type MadeTorrent, makeTorrent } from "./make-torrent.ts";
import { PieceStore } from "./piece-store.ts";
import { type Progress, Swarm } from "./swarm.ts";
import { decodeTorrent, type Torrent } from "./torrent-file.ts";

export interface TorrentsOptions {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** Default for `fetch`: longest time without a verified piece. */
  readonly stallMs?: number;
  readonly maxConnections?: number;
}

export interface FetchRequest {
  /** The bytes of the torrent file; their SHA-256 is known from elsewhere. */
  readonly torrentFile: Uint8Array;
  /** Paths in the torrent; all files unless given. */
  readonly files?: readonly string[];
  /** "ip:port" of nodes that may have them. */
  readonly peers: readonly string[];
  readonly destination: string;
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: Progress): void;
}

export interface Fetched {
  readonly infoHash: Uint8Array;
  /** Where the files are: the destination, or where this node had the torrent already. */
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
const STOP_MS = 5_000;
/** Pieces kept in memory per torrent are limited by bytes. */
const CACHE_BYTES = 4 * 1024 * 1024;

export class Torrents {
  readonly #options: Required<TorrentsOptions>;
  readonly #log: Log;
  readonly #swarms = new Map<string, Swarm>();
  #client: WebTorrent | undefined;

  constructor(options: TorrentsOptions, { log }: { readonly log: Log }) {
    this.#options = {
      host: "127.0.0.1",
      port: 0,
      stallMs: STALL_MS,
      maxConnections: 55,
      ...options,
    };
    this.#log = log;
  }

  /** @throws TorrentError TORRENT_PORT_IN_USE */
  async start(): Promise<void> {
    const { host, port, maxConnections } = this.#options;
    const client = new WebTorrent({
      torrentPort: { host, port },
      dht: false,
      tracker: false,
      lsd: false,
      utPex: false,
      utp: false,
      natUpnp: false,
      natPmp: false,
      webSeeds: false,
      secure: 0,
      maxConns: maxConnections,
    });
    try {
      await once(client, "listening");
    } catch (error) {
      throw listenError(error, `${host}:${port}`);
    }
    client.on("error", (error) => this.#log.error("torrents failed", { reason: reasonOf(error) }));
    this.#client = client;
  }

  /** Stops sharing; files stay. */
  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#swarms.clear();
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_MS);
      client.destroy(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The TCP port others fetch from. */
  get port(): number {
    return this.#running("port").torrentPort;
  }

  /** "ip:port" as it listens; what `peers` of a fetch on this machine needs. */
  get address(): string {
    const bound = this.#running("address").address();
    return `${bound?.address ?? this.#options.host}:${this.port}`;
  }

  /**
   * Shares the files of a directory. The torrent file is the same bytes for the same files.
   * @throws TorrentError TORRENT_UNSEEDABLE
   */
  async seed(directory: string): Promise<MadeTorrent> {
    this.#running("seed");
    const made = await makeTorrent(directory);
    const swarm = this.#swarms.get(toHex(made.infoHash)) ?? this.#add(made, directory, true);
    await swarm.ready(undefined);
    return made;
  }

  /**
   * Fetches files and resolves when they are complete and verified; then goes on sharing them. Files already
   * in the destination are verified and not fetched again. Nothing but the chosen files is downloaded.
   * @throws TorrentError TORRENT_INVALID, TORRENT_UNKNOWN_FILE, TORRENT_STALLED, TORRENT_CANCELLED, TORRENT_FAILED
   */
  async fetch(request: FetchRequest): Promise<Fetched> {
    this.#running("fetch");
    const torrent = decodeTorrent(request.torrentFile);
    const files = chosenFiles(torrent, request.files);
    const { infoHash } = torrent;
    const known = this.#swarms.get(toHex(infoHash));
    const swarm =
      known ?? this.#add({ ...torrent, torrentFile: request.torrentFile }, request.destination);
    await swarm.ready(request.signal);
    await swarm.fetch(files, {
      peers: request.peers,
      stallMs: request.stallMs ?? this.#options.stallMs,
      signal: request.signal,
      onProgress: request.onProgress?.bind(request),
    });
    return { infoHash, directory: swarm.directory };
  }

  /** @param peer "ip:port" */
  addPeer(infoHash: Uint8Array, peer: string): void {
    const name = toHex(infoHash);
    const swarm = this.#swarms.get(name);
    if (swarm === undefined) {
      const facts = { code: "TORRENT_UNKNOWN", infoHash: name } as const;
      throw new TorrentError(`torrent ${name} is not here`, facts);
    }
    swarm.addPeer(peer);
  }

  stats(): TorrentStats[] {
    return [...this.#swarms].map(([infoHash, swarm]) => ({
      infoHash,
      directory: swarm.directory,
      downloaded: swarm.received,
      uploaded: swarm.uploaded,
      peers: swarm.peers,
      piecesHeld: swarm.piecesHeld,
      pieces: swarm.torrent.pieceHashes.length / 20,
    }));
  }

  #add(torrent: MadeTorrent, directory: string, complete = false): Swarm {
    const name = toHex(torrent.infoHash);
    const { layout } = torrent;
    const options: AddOptions = {
      store: storeIn(directory, torrent),
      storeCacheSlots: Math.max(1, Math.min(20, Math.floor(CACHE_BYTES / layout.pieceLength))),
      deselect: true,
      skipVerify: complete,
      strategy: "rarest",
    };
    const web = this.#running("add").add(torrent.torrentFile, options);
    web.on("warning", (warning) =>
      this.#log.warn("torrent warning", { infoHash: name, reason: reasonOf(warning) }),
    );
    web.on("error", (error) =>
      this.#log.error("torrent failed", { infoHash: name, reason: reasonOf(error) }),
    );
    const swarm = new Swarm(torrent, directory, web);
    this.#swarms.set(name, swarm);
    web.once("close", () => {
      if (this.#swarms.get(name) === swarm) this.#swarms.delete(name);
    });
    return swarm;
  }

  #running(operation: string): WebTorrent {
    if (this.#client !== undefined) return this.#client;
    const facts = { code: "TORRENT_NOT_STARTED", operation } as const;
    throw new TorrentError(`torrents: ${operation} before start`, facts);
  }
}

/** WebTorrent constructs the store itself; ours knows its directory and layout already. */
function storeIn(directory: string, { layout }: Torrent): new () => PieceStore {
  return class extends PieceStore {
    constructor() {
      super(directory, layout);
    }
  };
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

function listenError(error: unknown, address: string): unknown {
  if (!/EADDRINUSE/.test(reasonOf(error))) return error;
  return new TorrentError(
    `torrents: ${address} is in use by another program`,
    { code: "TORRENT_PORT_IN_USE", address, option: "torrentPort" },
    { cause: error, remedy: "stop the other program or choose another torrent port" },
  );
}
