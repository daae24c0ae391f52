/**
 * Catching up: learns from peers how far they are, fetches the blocks this node lacks from several of
 * them at once (range-fetcher.ts) and imports them in order. Also the serving side of it.
 */
import { PROTOCOL_VERSION } from "../../chain/types/block.ts";
import { P2pError } from "../../p2p/errors.ts";
import { serveBlocks } from "../../p2p/protocols/blocks.ts";
import type { StreamHost } from "../../p2p/protocols/protocol.ts";
import { exchangeStatus, type Status, serveStatus } from "../../p2p/protocols/status.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { type BlockRange, type FetcherOptions, RangeFetcher } from "./range-fetcher.ts";
import { importRange } from "./range-importer.ts";
import { SyncError } from "./sync-error.ts";

const STATUS_INTERVAL_MS = 5_000;
/** Below the status requests per second a peer grants (p2p/protocols/status.ts). */
const MIN_INTERVAL_MS = 700;
const PROGRESS_INTERVAL_MS = 10_000;

export interface SyncModules {
  readonly host: StreamHost & { peers(): { peerId: string }[] };
  readonly chain: Chain;
  readonly log: NodeLog;
}

export class Sync {
  readonly #modules: SyncModules;
  readonly #options: Omit<FetcherOptions, "from">;
  readonly #claims = new Map<string, Status>();
  readonly #stopping = new AbortController();
  #fetcher: RangeFetcher | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #askedAgain = false;

  /** @param options limits of the requests; tests set them */
  constructor(modules: SyncModules, options: Omit<FetcherOptions, "from"> = {}) {
    this.#modules = modules;
    this.#options = options;
  }

  /** True while more than the newest block is being fetched. */
  get syncing(): boolean {
    return (this.#fetcher?.target ?? 0) > this.#modules.chain.height + 1;
  }

  async start(): Promise<void> {
    const { host, chain } = this.#modules;
    await serveStatus(host, {
      status: () => this.#status(),
      onStatus: (peer, status) => this.#heard(peer, status, 1),
    });
    await serveBlocks(host, (from, count) => storedBlocks(chain, from, count));
    this.#timer = setInterval(() => this.poke(), STATUS_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    await this.#running;
  }

  /** Looks for missing blocks soon; cheap when there are none. */
  poke(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#pause !== undefined) {
      this.#askedAgain = true;
      return;
    }
    // Every message from ahead calls this; asking more often than peers allow would get us banned.
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#askedAgain) return;
      this.#askedAgain = false;
      this.poke();
    }, MIN_INTERVAL_MS);
    this.#askPeers();
  }

  #askPeers(): void {
    const { host, log } = this.#modules;
    const peers = host.peers().map(({ peerId }) => peerId);
    for (const known of this.#claims.keys()) {
      if (peers.includes(known)) continue;
      this.#claims.delete(known);
      this.#fetcher?.remove(known);
    }
    const { signal } = this.#stopping;
    for (const peer of peers) {
      exchangeStatus(host, peer, this.#status(), { signal }).then(
        (status) => this.#heard(peer, status, 0),
        (error: unknown) => log.debug("no status of a peer", { peer, reason: String(error) }),
      );
    }
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

  /** @param tolerated blocks to be behind without doing anything: consensus brings the newest */
  #heard(peer: string, status: Status, tolerated: number): void {
    this.#claims.set(peer, status);
    this.#fetcher?.offer(peer, status);
    if (status.height <= this.#modules.chain.height + tolerated) return;
    if (this.#stopping.signal.aborted || this.#running !== undefined) return;
    if (!this.#modules.chain.store.db.hasRoom) return;
    this.#running = this.#catchUp()
      .catch((error: unknown) => this.#modules.log.error("sync failed", { reason: String(error) }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #catchUp(): Promise<void> {
    const { host, chain, log } = this.#modules;
    const { signal } = this.#stopping;
    const from = chain.height + 1;
    const fetcher = new RangeFetcher({ ...this.#options, from }, { host, log });
    for (const [peer, claim] of this.#claims) fetcher.offer(peer, claim);
    this.#fetcher = fetcher;
    if (this.syncing) log.info("catching up", { from, to: fetcher.target });
    const startedAt = host.now();
    let toldAt = startedAt;
    try {
      for await (const range of fetcher.ranges(signal)) {
        await this.#import(range, fetcher);
        if (host.now() - toldAt < PROGRESS_INTERVAL_MS) continue;
        toldAt = host.now();
        log.info("catching up", { height: chain.height, to: fetcher.target });
      }
    } finally {
      this.#fetcher = undefined;
    }
    const blocks = chain.height + 1 - from;
    const seconds = Math.round((host.now() - startedAt) / 100) / 10;
    if (blocks > 1) log.info("caught up", { height: chain.height, blocks, seconds });
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
