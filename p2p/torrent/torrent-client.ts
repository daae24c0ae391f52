/**
 * The WebTorrent client of this node: one TCP port for all torrents. It runs without DHT, tracker, local discovery or
 * peer exchange: peers come from our own records. Torrent traffic is neither encrypted nor authenticated.
 */
import { once } from "node:events";
import WebTorrent, { type AddOptions } from "webtorrent";
import { toHex } from "../../chain/crypto/hash.ts";
import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { TorrentError } from "./errors.ts";
import type { MadeTorrent } from "./make-torrent.ts";
import { PieceStore } from "./piece-store.ts";
import { Swarm } from "./swarm.ts";
import type { Torrent } from "./torrent-file.ts";

export interface TorrentClientOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Peers of one torrent. */
  readonly maxConnections: number;
}

const STOP_MS = 5_000;
/** Pieces in memory are limited by bytes, for each torrent. */
const CACHE_BYTES = 4 * 1024 * 1024;

export class TorrentClient {
  readonly #options: TorrentClientOptions;
  readonly #log: Log;
  #client: WebTorrent | undefined;

  constructor(options: TorrentClientOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  get isRunning(): boolean {
    return this.#client !== undefined;
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

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_MS);
      client.destroy(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** @throws TorrentError TORRENT_NOT_STARTED */
  get port(): number {
    return this.running("port").torrentPort;
  }

  /** "ip:port". @throws TorrentError TORRENT_NOT_STARTED */
  get address(): string {
    const bound = this.running("address").address();
    return `${bound?.address ?? this.#options.host}:${this.port}`;
  }

  /**
   * @param complete whether the files are in the directory already; then they are not verified again
   * @param onClosed called when the torrent is no longer open
   * @throws TorrentError TORRENT_NOT_STARTED
   */
  add(
    torrent: MadeTorrent,
    directory: string,
    { complete, onClosed }: { readonly complete: boolean; onClosed(swarm: Swarm): void },
  ): Swarm {
    const name = toHex(torrent.infoHash);
    const { layout } = torrent;
    const options: AddOptions = {
      store: storeIn(directory, torrent),
      storeCacheSlots: Math.max(1, Math.min(20, Math.floor(CACHE_BYTES / layout.pieceLength))),
      deselect: true,
      skipVerify: complete,
      strategy: "rarest",
    };
    const web = this.running("add").add(torrent.torrentFile, options);
    web.on("warning", (warning) =>
      this.#log.warn("torrent warning", { infoHash: name, reason: reasonOf(warning) }),
    );
    web.on("error", (error) =>
      this.#log.error("torrent failed", { infoHash: name, reason: reasonOf(error) }),
    );
    const swarm = new Swarm(torrent, directory, web);
    web.once("close", () => onClosed(swarm));
    return swarm;
  }

  /** @param operation what is about to be done, for the error @throws TorrentError TORRENT_NOT_STARTED */
  running(operation: string): WebTorrent {
    if (this.#client !== undefined) return this.#client;
    const facts = { code: "TORRENT_NOT_STARTED", operation } as const;
    throw new TorrentError(`torrents: ${operation} before start`, facts);
  }
}

/** WebTorrent constructs the store itself; this store already knows its directory and layout. */
function storeIn(directory: string, { layout }: Torrent): new () => PieceStore {
  return class extends PieceStore {
    constructor() {
      super(directory, layout);
    }
  };
}

function listenError(error: unknown, address: string): unknown {
  if (!/EADDRINUSE/.test(reasonOf(error))) return error;
  return new TorrentError(
    `torrents: ${address} is in use by another program`,
    { code: "TORRENT_PORT_IN_USE", address, option: "torrentPort" },
    { cause: error, remedy: "stop the other program or choose another torrent port" },
  );
}
