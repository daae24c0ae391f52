/** The part of webtorrent 3 that this project uses; the package contains no types. */
declare module "webtorrent" {
  import type { EventEmitter } from "node:events";

  export interface ChunkStore {
    readonly chunkLength: number;
  }

  export interface ClientOptions {
    /** Passed unchanged to net.Server.listen, so an object may name the host too. */
    torrentPort: number | { host: string; port: number };
    dht: false;
    tracker: false;
    lsd: false;
    utPex: false;
    utp: false;
    natUpnp: false;
    natPmp: false;
    webSeeds: false;
    secure: 0 | 1 | 2;
    maxConns: number;
  }

  export interface AddOptions {
    store: new () => ChunkStore;
    storeCacheSlots: number;
    deselect: boolean;
    skipVerify: boolean;
    strategy: "rarest" | "sequential";
  }

  export interface WebTorrentTorrent extends EventEmitter {
    /** Absent until the pieces on disk have been checked. */
    readonly bitfield: { get(piece: number): boolean } | undefined;
    readonly ready: boolean;
    readonly destroyed: boolean;
    readonly numPeers: number;
    /** Bytes of pieces received, counting duplicates. */
    readonly received: number;
    readonly uploaded: number;
    /** Bytes per second. */
    readonly downloadSpeed: number;
    select(from: number, to: number, priority?: number): void;
    deselect(from: number, to: number): void;
    addPeer(address: string): boolean;
    destroy(callback?: (error?: Error) => void): void;
  }

  // biome-ignore lint/style/noDefaultExport: this is how the package exports it
  export default class WebTorrent extends EventEmitter {
    constructor(options: ClientOptions);
    readonly torrentPort: number;
    /** Null until it listens. */
    address(): { address: string; family: string; port: number } | null;
    add(torrentFile: Uint8Array, options: AddOptions): WebTorrentTorrent;
    destroy(callback?: (error?: Error) => void): void;
  }
}
