/**
 * How a node gets its chain: from its own database, from genesis, or from a snapshot below a block that its owner
 * trusts. A chain that started from a snapshot is confirmed in the background by replaying its history. If anything
 * contradicts the trusted block, the node stops.
 */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import type { Head } from "../../chain/head.ts";
import { State } from "../../chain/state/state.ts";
import { conserved } from "../../chain/supply/supply.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { Chain } from "../chain/chain.ts";
import type { TrustedPoint } from "../config/trust.ts";
import type { Sync } from "../network/sync.ts";
import { BaseStore } from "../store/base-store.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { HistoryReplay, type ReplayProgress } from "./history-replay.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { type SnapshotProgress, SnapshotSync, type SnapshotSyncOptions } from "./snapshot-sync.ts";

export interface JoiningOptions {
  /** The head before block 1, where the replay starts. */
  readonly genesis: Head;
  readonly trust: TrustedPoint | undefined;
  /** Whether blocks before the snapshot are stored after their replay. */
  readonly keepsBlocks: boolean;
  /** How long the search may take; for tests. */
  readonly search?: Pick<SnapshotSyncOptions, "patienceMs" | "retryMs">;
  readonly replayIdleShare?: number;
}

export interface JoiningModules {
  readonly host: StreamHost;
  readonly chain: Chain;
  readonly sync: Sync;
  readonly snapshots: SnapshotStore;
  readonly log: NodeLog;
  /** Unix milliseconds. */
  now(): number;
  /** Called when the node must not continue. */
  fail(error: unknown): void;
}

export interface JoiningProgress {
  readonly snapshot: SnapshotProgress | undefined;
  readonly history: ReplayProgress | undefined;
}

export class Joining {
  readonly #options: JoiningOptions;
  readonly #modules: JoiningModules;
  readonly #base: BaseStore;
  readonly #stopping = new AbortController();
  #search: SnapshotSync | undefined;
  #replay: HistoryReplay | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: JoiningOptions, modules: JoiningModules) {
    this.#options = options;
    this.#modules = modules;
    this.#base = new BaseStore(modules.chain.store);
  }

  get progress(): JoiningProgress {
    return { snapshot: this.#search?.progress, history: this.#replay?.progress };
  }

  /**
   * Before the network starts: refuses a stored chain that does not contain the trusted block.
   * @throws SnapshotError TRUST_MISMATCH
   */
  async check(): Promise<void> {
    const { trust } = this.#options;
    const { chain, log } = this.#modules;
    if (trust === undefined) return;
    if (chain.height === 0) this.#modules.sync.hold();
    else log.info("this node already has a chain: it is only compared with the trusted block");
    chain.onBlock(({ block, hash }) => {
      if (block.header.height === trust.height) this.#compare(trust, hash);
    });
    if (trust.height > chain.height || trust.height < chain.store.lowest) return;
    const stored = await chain.store.block(trust.height);
    if (stored !== undefined) mustEqual(trust, stored.certificate.blockHash);
  }

  /**
   * With the network running: starts an empty chain from a snapshot if a block is trusted, then replays the part that
   * is not confirmed yet. Returns at once; `ready` is called when the chain may continue.
   */
  start(ready: () => Promise<void>): void {
    this.#running = this.#run(ready).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#modules.fail(error);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(ready: () => Promise<void>): Promise<void> {
    const { trust } = this.#options;
    const { chain, sync } = this.#modules;
    const { signal } = this.#stopping;
    if (trust !== undefined && chain.height === 0) {
      await this.#startFrom(trust, signal);
      if (signal.aborted) return;
      sync.release();
    }
    await ready();
    const base = await this.#base.base();
    if (base === undefined) return;
    const { genesis, keepsBlocks, replayIdleShare } = this.#options;
    const { host, log } = this.#modules;
    this.#replay = new HistoryReplay(
      {
        // A copy, because the replay takes over its state, and others read this one.
        genesis: { state: State.of(genesis.state.parts()), hash: genesis.hash },
        base,
        keepsBlocks,
        ...(replayIdleShare === undefined ? {} : { idleShare: replayIdleShare }),
      },
      { host, claims: sync.claims, store: this.#base, log },
    );
    await this.#replay.run(signal);
    this.#replay = undefined;
  }

  async #startFrom(trust: TrustedPoint, signal: AbortSignal): Promise<void> {
    const { chain, host, sync, snapshots, log } = this.#modules;
    const { genesisRoot } = chain;
    const { genesis, search } = this.#options;
    const snapshotSync = new SnapshotSync(
      { genesisRoot, supply: conserved(genesis.state), trust, ...search },
      { host, claims: sync.claims, snapshots, log },
    );
    this.#search = snapshotSync;
    const found = await snapshotSync.find(signal);
    this.#search = undefined;
    if (found === undefined) return;
    const { state, certified, hash, seats } = found;
    const ageSeconds = (this.#modules.now() - Number(certified.block.header.time)) / 1000;
    const { unbondingSeconds } = state.parameters;
    if (ageSeconds > unbondingSeconds) {
      log.warn(
        "the trusted block is old: the keys that signed it may have no bond any more, so they could sign another history",
        {
          ageSeconds: Math.round(ageSeconds),
          unbondingSeconds,
        },
      );
    }
    await this.#base.install(found);
    const { certificate, block } = certified;
    await chain.restart({ state, hash }, { header: block.header, certificate, seats });
    // The chunks are no longer needed; the node makes its own snapshots.
    await snapshots.prune(Number.MAX_SAFE_INTEGER);
    log.info("started from a snapshot", { height: chain.height, hash: toHex(hash) });
  }

  #compare(trust: TrustedPoint, hash: Uint8Array): void {
    try {
      mustEqual(trust, hash);
    } catch (error) {
      this.#modules.fail(error);
    }
  }
}

/** @throws SnapshotError TRUST_MISMATCH */
function mustEqual(trust: TrustedPoint, hash: Uint8Array): void {
  if (equalBytes(trust.hash, hash)) return;
  throw SnapshotError.trustMismatch(trust.height, toHex(trust.hash), toHex(hash));
}
