/**
 * Catching up: fetches the blocks that this node lacks from several peers at once (range-fetcher.ts), and imports them
 * in order. It also serves blocks and headers to others.
 */
import { Header, PROTOCOL_VERSION } from "../../chain/types/block.ts";
import { P2pError } from "../../p2p/errors.ts";
import { serveBlocks, serveHeaders } from "../../p2p/protocols/blocks.ts";
import type { Status } from "../../p2p/protocols/status.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { PeerClaims } from "./peer-claims.ts";
import type { PeerHeights } from "./peer-heights.ts";
import { type BlockRange, type FetcherOptions, RangeFetcher } from "./range-fetcher.ts";
import { importRange } from "./range-importer.ts";
import { SyncError } from "./sync-error.ts";

const PROGRESS_INTERVAL_MS = 10_000;
const MAX_READ_BYTES = 8 * 1024 * 1024;
/** A CertifiedBlock begins with the offsets of its two parts, and its block begins with the header. */
const HEADER_AT = 8;

export interface SyncModules {
  readonly host: StreamHost & { peers(): { peerId: string }[] };
  readonly chain: Chain;
  readonly log: NodeLog;
}

export class Sync {
  readonly claims: PeerClaims;
  readonly #modules: SyncModules;
  readonly #options: Omit<FetcherOptions, "from">;
  readonly #stopping = new AbortController();
  #isHeld = false;
  /** When a peer was first heard to have more than the next block; undefined while none has. */
  #behindSince: number | undefined;
  #tookAt: number;
  #fetcher: RangeFetcher | undefined;
  #running: Promise<void> | undefined;

  /** @param options limits of the requests, for tests */
  constructor(modules: SyncModules, options: Omit<FetcherOptions, "from"> = {}) {
    this.#modules = modules;
    this.#options = options;
    const { host, log } = modules;
    this.claims = new PeerClaims({ host, log, status: () => this.#status() });
    this.#tookAt = host.now();
    modules.chain.onBlock(() => {
      this.#tookAt = host.now();
      if (!this.#isBehind) this.#behindSince = undefined;
    });
    this.claims.onClaim(({ height }, how) => {
      if (height > modules.chain.height + 1) this.#behindSince ??= host.now();
      // Consensus delivers the newest block; only an explicit request fetches it at once.
      if (height > modules.chain.height + (how === "told" ? 1 : 0)) this.#startCatchingUp();
    });
  }

  /** True while more than the newest block is being fetched, or the node waits for a snapshot. */
  get syncing(): boolean {
    return this.#isHeld || (this.#fetcher?.target ?? 0) > this.#modules.chain.height + 1;
  }

  /** How far the chain is, according to the peers. */
  get heights(): PeerHeights {
    return this.claims.heights;
  }

  get #isBehind(): boolean {
    return (this.heights.highest ?? 0) > this.#modules.chain.height + 1;
  }

  /** Milliseconds during which a peer has claimed blocks that this node lacks, and none has arrived. */
  get idleMs(): number {
    if (this.#behindSince === undefined) return 0;
    return this.#modules.host.now() - Math.max(this.#behindSince, this.#tookAt);
  }

  async start(): Promise<void> {
    const { host, chain } = this.#modules;
    await serveBlocks(host, (from, count) => storedBlocks(chain, from, count));
    await serveHeaders(host, (from, count) => storedHeaders(chain, from, count));
    await this.claims.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.claims.stop();
    await this.#running;
  }

  /** Looks for missing blocks soon; cheap when there are none. */
  poke(): void {
    this.claims.poke();
  }

  /** Fetches nothing until `release`, because the chain is about to start from another state. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.poke();
  }

  #status(): Status {
    const { chain } = this.#modules;
    return {
      version: PROTOCOL_VERSION,
      genesisHash: chain.genesisRoot,
      height: chain.height,
      headHash: chain.head.hash,
      lowest: chain.store.lowest,
    };
  }

  #startCatchingUp(): void {
    if (this.#isHeld || this.#stopping.signal.aborted || this.#running !== undefined) return;
    if (!this.#modules.chain.store.db.hasRoom) return;
    this.#running = this.#catchUp()
      .catch((error: unknown) => this.#modules.log.error("sync failed", { reason: String(error) }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #catchUp(): Promise<void> {
    const { host, chain, log } = this.#modules;
    const from = chain.height + 1;
    const fetcher = new RangeFetcher({ ...this.#options, from }, { host, log });
    const forget = this.claims.inform(fetcher);
    this.#fetcher = fetcher;
    if (this.syncing) log.info("catching up", { from, to: fetcher.target });
    const startedAt = host.now();
    let toldAt = startedAt;
    try {
      for await (const range of fetcher.ranges(this.#stopping.signal)) {
        await this.#import(range, fetcher);
        if (host.now() - toldAt < PROGRESS_INTERVAL_MS) continue;
        toldAt = host.now();
        log.info("catching up", { height: chain.height, to: fetcher.target });
      }
    } finally {
      forget();
      this.#fetcher = undefined;
    }
    const blocks = chain.height + 1 - from;
    const seconds = Math.round((host.now() - startedAt) / 100) / 10;
    if (blocks <= 1) return;
    log.info(this.#isBehind ? "catching up ended early" : "caught up", {
      height: chain.height,
      blocks,
      seconds,
    });
  }

  async #import(range: BlockRange, fetcher: RangeFetcher): Promise<void> {
    const { chain } = this.#modules;
    try {
      await importRange(chain, range, this.#stopping.signal);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== "BAD_BLOCKS") throw error;
      fetcher.blame(range, chain.height + 1, error);
    }
  }
}

async function* storedBlocks(chain: Chain, from: number, count: number): AsyncIterable<Uint8Array> {
  const first = Math.max(1, from);
  for (let height = first; height < from + count && height <= chain.height; height++) {
    const bytes = await chain.store.blockBytes(height);
    if (bytes !== undefined) yield bytes;
    else if (height > first) return;
    else throw new P2pError(`block ${height}: not kept`, { code: "NOT_FOUND", what: "block" });
  }
}

/** Ends early after much reading; the requester continues from there. */
async function* storedHeaders(
  chain: Chain,
  from: number,
  count: number,
): AsyncIterable<Uint8Array> {
  let readBytes = 0;
  for await (const bytes of storedBlocks(chain, from, count)) {
    yield headerBytes(bytes);
    readBytes += bytes.length;
    if (readBytes > MAX_READ_BYTES) return;
  }
}

/** The header of an encoded block, without decoding the rest for every request. */
function headerBytes(encoded: Uint8Array): Uint8Array {
  return encoded.slice(HEADER_AT, HEADER_AT + (Header.fixedSize ?? 0));
}
