/**
 * Confirms a snapshot: it fetches the blocks from genesis to the block from which the node started, applies every one
 * of them, and compares. It runs behind the node's real work, with half a core at most. Replayed blocks are stored, so
 * a restart does not fetch them again. If the history leads to another state, the trusted block or the network is
 * false. The replay also brings the records of jobs settled before the snapshot, which has only their roots.
 */
import { setTimeout as delay } from "node:timers/promises";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import type { Head } from "../../chain/head.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import { type BlockSink, Chain } from "../chain/chain.ts";
import type { PeerClaims } from "../network/peer-claims.ts";
import { type BlockRange, RangeFetcher } from "../network/range-fetcher.ts";
import { importRange } from "../network/range-importer.ts";
import { SyncError } from "../network/sync-error.ts";
import type { BaseStore } from "../store/base-store.ts";
import type { FinalChange } from "../store/chain-store.ts";
import type { StoredHead } from "../store/head-entry.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { SnapshotError } from "./snapshot-error.ts";

export interface ReplayOptions {
  /** The head before block 1; the replay takes it over. */
  readonly genesis: Head;
  /** The block to which the history must lead. */
  readonly base: StoredHead;
  /** Whether older blocks are stored; a node that prunes only checks them. */
  readonly keepsBlocks: boolean;
  /** Idle time after each range, as a multiple of the time that the range took. */
  readonly idleShare?: number;
  readonly rangeBlocks?: number;
}

export interface ReplayModules {
  readonly host: StreamHost;
  readonly claims: PeerClaims;
  readonly store: BaseStore;
  readonly log: NodeLog;
}

export interface ReplayProgress {
  readonly height: number;
  readonly target: number;
}

/** Time until the next attempt while no peer with the blocks is connected. */
const RETRY_MS = 2_000;
const TOLD_EVERY_MS = 30_000;

export class HistoryReplay {
  readonly #options: ReplayOptions;
  readonly #modules: ReplayModules;
  readonly #chain: Chain<BlockSink>;
  /** Heights up to this one came from this node's own disk. */
  #onDisk = 0;

  constructor(options: ReplayOptions, modules: ReplayModules) {
    this.#options = options;
    this.#modules = modules;
    const { genesis } = options;
    const tip = { header: undefined, certificate: undefined, seats: genesis.state.seats };
    this.#chain = new Chain<BlockSink>(
      { genesisRoot: genesis.hash, head: genesis, tip },
      {
        store: { commitAll: (blocks) => this.#keep(blocks) },
        verified: new WeakSet<SignedTransaction>(),
        known: (signed) => signed,
      },
    );
  }

  get progress(): ReplayProgress {
    return { height: this.#chain.height, target: this.#options.base.height };
  }

  /**
   * Resolves when the history is confirmed, or the signal has fired.
   * @throws SnapshotError HISTORY_MISMATCH
   */
  async run(signal: AbortSignal): Promise<void> {
    const { base, keepsBlocks } = this.#options;
    const { log, store } = this.#modules;
    log.info("replaying the history before the snapshot", { blocks: base.height });
    await this.#fromDisk(signal);
    while (!signal.aborted && this.#chain.height < base.height) {
      await this.#fromPeers(signal);
      if (this.#chain.height < base.height) {
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    if (signal.aborted) return;
    if (!equalBytes(this.#chain.head.hash, base.hash)) {
      const found = toHex(this.#chain.head.hash);
      throw SnapshotError.historyMismatch(
        base.height,
        `block ${base.height} is ${found}, the snapshot is of ${toHex(base.hash)}`,
      );
    }
    await store.confirm({ isKept: keepsBlocks });
    log.info("the history leads to the snapshot: it is confirmed", { height: base.height });
  }

  /** Uses the blocks that an earlier run fetched. A block that is no longer valid is fetched again. */
  async #fromDisk(signal: AbortSignal): Promise<void> {
    const { base, rangeBlocks = 64 } = this.#options;
    while (!signal.aborted && this.#chain.height < base.height) {
      const from = this.#chain.height + 1;
      const range = await this.#stored(from, Math.min(rangeBlocks, base.height - from + 1));
      if (range.blocks.length === 0) return;
      this.#onDisk = from + range.blocks.length - 1;
      try {
        await this.#import(range, signal);
      } catch (error) {
        if (!(error instanceof SyncError) || error.code !== "BAD_BLOCKS") throw error;
        this.#onDisk = this.#chain.height;
        return;
      }
    }
  }

  async #stored(from: number, count: number): Promise<BlockRange> {
    const blocks: BlockRange["blocks"][number][] = [];
    while (blocks.length < count) {
      const certified = await this.#modules.store.block(from + blocks.length);
      if (certified === undefined) break;
      blocks.push({ certified, hash: certified.certificate.blockHash });
    }
    return { peer: "", from, blocks, bytes: 0 };
  }

  async #fromPeers(signal: AbortSignal): Promise<void> {
    const { base, rangeBlocks = 64 } = this.#options;
    const { host, claims, log } = this.#modules;
    const fetcher = new RangeFetcher(
      {
        from: this.#chain.height + 1,
        to: base.height,
        rangeBlocks,
        requestsPerPeer: 1,
        maxRequests: 3,
        maxBytes: 8 * 1024 * 1024,
      },
      { host, log },
    );
    const forget = claims.inform(fetcher);
    let toldAt = host.now();
    try {
      for await (const range of fetcher.ranges(signal)) {
        try {
          await this.#import(range, signal);
        } catch (error) {
          if (!(error instanceof SyncError) || error.code !== "BAD_BLOCKS") throw error;
          fetcher.blame(range, this.#chain.height + 1, error);
        }
        if (host.now() - toldAt < TOLD_EVERY_MS) continue;
        toldAt = host.now();
        log.info("replaying the history", { ...this.progress });
      }
    } finally {
      forget();
    }
  }

  async #import(range: BlockRange, signal: AbortSignal): Promise<void> {
    const { idleShare = 1 } = this.#options;
    const { host } = this.#modules;
    const startedAt = host.now();
    try {
      await importRange(this.#chain, range, signal);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== "CANNOT_FOLLOW") throw error;
      throw SnapshotError.historyMismatch(error.facts.height, error.message, error);
    }
    const idleMs = idleShare * (host.now() - startedAt);
    if (idleMs > 0) await delay(idleMs, undefined, { signal }).catch(() => undefined);
  }

  /** The jobs are stored again after a restart, because a crash may have happened between the two writes. */
  async #keep(blocks: readonly FinalChange[]): Promise<void> {
    await this.#modules.store.keepSettled(blocks);
    const news = blocks.filter(({ certified }) => certified.block.header.height > this.#onDisk);
    if (this.#options.keepsBlocks && news.length > 0) await this.#modules.store.keep(news);
  }
}
