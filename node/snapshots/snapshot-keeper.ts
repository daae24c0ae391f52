/**
 * Keeps snapshots of the state at the ends of epochs, so that other nodes can start from one. The state is captured at
 * the moment when the block becomes final, and is written while the node continues.
 */
import type { Chain, FinalBlock } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { createSnapshot } from "./create-snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotSettings {
  /** 0: no snapshots. */
  readonly everyEpochs: number;
  readonly keep: number;
}

export interface KeeperModules {
  readonly chain: Chain;
  readonly snapshots: SnapshotStore;
  readonly log: NodeLog;
  /** True while the node has more important work, because it is catching up. */
  isBusy(): boolean;
}

export class SnapshotKeeper {
  readonly #settings: SnapshotSettings;
  readonly #modules: KeeperModules;
  readonly #unsubscribe: () => void;
  #running: Promise<void> | undefined;

  constructor(settings: SnapshotSettings, modules: KeeperModules) {
    this.#settings = settings;
    this.#modules = modules;
    this.#unsubscribe = modules.chain.onBlock((final) => this.#onBlock(final));
  }

  /** Waits for the current snapshot. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#running;
  }

  #onBlock({ block, hash }: FinalBlock): void {
    const { chain, isBusy } = this.#modules;
    const { state, tip } = chain;
    const { height, stateRoot } = block.header;
    const { everyEpochs } = this.#settings;
    const every = everyEpochs * state.parameters.epochBlocks;
    if (everyEpochs === 0 || (height + 1) % every !== 0 || state.height !== height) return;
    if (this.#running !== undefined || isBusy()) return;
    const captured = { parts: state.parts(), blockHash: hash, stateRoot, seats: tip.seats };
    this.#running = this.#write(captured).finally(() => {
      this.#running = undefined;
    });
  }

  async #write(captured: Parameters<typeof createSnapshot>[0]): Promise<void> {
    const { snapshots, log } = this.#modules;
    try {
      const { height, bytes, chunks } = await createSnapshot(
        captured,
        snapshots,
        this.#settings.keep,
      );
      log.info("snapshot made", { height, bytes, chunks: chunks.length });
    } catch (error) {
      log.warn("no snapshot could be made", { reason: String(error) });
    }
  }
}
