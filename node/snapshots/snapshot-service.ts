/** Snapshots of one node: makes them, offers them to others, and starts from one of theirs. */
import { serveSnapshots } from "../../p2p/protocols/snapshots.ts";
import {
  Joining,
  type JoiningModules,
  type JoiningOptions,
  type JoiningProgress,
} from "./joining.ts";
import { SnapshotManifest } from "./manifest.ts";
import { SnapshotKeeper, type SnapshotSettings } from "./snapshot-keeper.ts";
import { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotServiceOptions extends JoiningOptions {
  readonly dataDir: string;
  readonly settings: SnapshotSettings;
}

export type SnapshotServiceModules = Omit<JoiningModules, "snapshots">;

export class SnapshotService {
  readonly store: SnapshotStore;
  readonly #modules: SnapshotServiceModules;
  readonly #keeper: SnapshotKeeper;
  readonly #joining: Joining;

  private constructor(
    options: SnapshotServiceOptions,
    modules: SnapshotServiceModules,
    snapshots: SnapshotStore,
  ) {
    const { chain, sync, log } = modules;
    this.store = snapshots;
    this.#modules = modules;
    this.#joining = new Joining(options, { ...modules, snapshots });
    this.#keeper = new SnapshotKeeper(options.settings, {
      chain,
      snapshots,
      log,
      isBusy: () => sync.syncing,
    });
  }

  /** @throws SnapshotError TRUST_MISMATCH when the stored chain does not contain the trusted block */
  static async open(
    options: SnapshotServiceOptions,
    modules: SnapshotServiceModules,
  ): Promise<SnapshotService> {
    const store = await SnapshotStore.open(options.dataDir);
    const service = new SnapshotService(options, modules, store);
    await service.#joining.check();
    return service;
  }

  get progress(): JoiningProgress {
    return this.#joining.progress;
  }

  /** Call it once the host can answer. */
  serve(): Promise<void> {
    return serveSnapshots(this.#modules.host, async () =>
      (await this.store.list()).map((manifest) => SnapshotManifest.serialize(manifest)),
    );
  }

  /**
   * Call it once peers can be reached.
   * @param ready called when the chain may continue
   */
  start(ready: () => Promise<void>): void {
    this.#joining.start(ready);
  }

  async stop(): Promise<void> {
    await this.#joining.stop();
    await this.#keeper.stop();
  }
}
