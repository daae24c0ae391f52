/**
 * Removes old blocks with their indexes, in small batches in the background, and returns the space: LevelDB keeps
 * deleted data until it is compacted. Proofs of changed seats stay.
 */
import { crashPoint } from "../crash-points.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { blockRemovals, decodeBlock } from "./block-entries.ts";
import type { ChainStore } from "./chain-store.ts";
import { remove, type Write } from "./database.ts";
import { numberKey, numberRange, range } from "./keys.ts";
import { StoreError } from "./store-error.ts";

export interface PrunerOptions {
  /** Newest blocks to keep; 0 = all. */
  readonly keepBlocks: number;
  /** After so many removed blocks a compaction is worth its reading and writing. */
  readonly compactEvery?: number;
}

export interface PrunerModules {
  readonly store: ChainStore;
  readonly log: NodeLog;
  /** The lowest height that is still needed; undefined = none is. */
  needed?(): number | undefined;
}

/** Blocks per batch, so that at most some megabytes are read and held. */
const BATCH = 16;
const COMPACT_EVERY = 4096;

export class Pruner {
  readonly #options: Required<PrunerOptions>;
  readonly #modules: PrunerModules;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #sinceCompaction = 0;

  constructor(options: PrunerOptions, modules: PrunerModules) {
    this.#options = { compactEvery: COMPACT_EVERY, ...options };
    this.#modules = modules;
  }

  /** Call it on every block; it does nothing until a batch is full. */
  onBlock(): void {
    const { store } = this.#modules;
    if (this.#running !== undefined || this.#isStopped) return;
    if (this.#floor() - store.lowest < BATCH) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#modules.log.warn("could not prune", { reason: String(error) });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** The lowest height that must stay. */
  #floor(): number {
    const { keepBlocks } = this.#options;
    const { store } = this.#modules;
    if (keepBlocks === 0) return store.lowest;
    const needed = this.#modules.needed?.() ?? Number.POSITIVE_INFINITY;
    return Math.max(store.lowest, Math.min(store.height - keepBlocks + 1, needed));
  }

  async #run(): Promise<void> {
    const { store, log } = this.#modules;
    const from = store.lowest;
    while (!this.#isStopped) {
      const end = Math.min(this.#floor(), store.lowest + BATCH);
      if (end <= store.lowest) break;
      crashPoint("prune-begun");
      const removals: Write[] = [];
      for (let height = store.lowest; height < end; height++) {
        removals.push(...(await removalsOf(store, height)));
      }
      this.#sinceCompaction += end - store.lowest;
      await store.prune(end, removals);
      crashPoint("prune-removed");
    }
    if (this.#sinceCompaction >= this.#options.compactEvery) await this.#compact();
    log.debug("pruned", { from, lowest: store.lowest });
  }

  async #compact(): Promise<void> {
    const { store, log } = this.#modules;
    await store.db.compact(numberRange("block", 0, store.lowest));
    for (const prefix of ["blockHash", "transaction", "record"] as const) {
      if (this.#isStopped) return;
      await store.db.compact(range(prefix));
    }
    log.info("space of pruned blocks given back", {
      blocks: this.#sinceCompaction,
      lowest: store.lowest,
    });
    this.#sinceCompaction = 0;
  }
}

/** A damaged block is removed, too; its indexes stay, and lead to the answer "pruned". */
async function removalsOf(store: ChainStore, height: number): Promise<Write[]> {
  const key = numberKey("block", height);
  try {
    const bytes = await store.db.get(key);
    if (bytes === undefined) return [];
    const { certified, hash } = decodeBlock(bytes, height);
    return blockRemovals(certified, hash);
  } catch (error) {
    if (error instanceof StoreError && error.code === "DAMAGED_STORE") return [remove(key)];
    throw error;
  }
}
