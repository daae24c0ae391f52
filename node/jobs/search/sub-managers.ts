/** This node as a sub-manager of searches: a seat for each round in which the tree makes it one. */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import { isOver, phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { Chain } from "../../chain/chain.ts";
import type { Disk } from "../../disk.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { AcceptedOrders } from "../accepted-orders.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { JobService } from "../dispatch.ts";
import { retryBlocks, tellFailure } from "../duty-room.ts";
import { DurableLog } from "./durable-log.ts";
import type { LeaseLinks } from "./lease-links.ts";
import { isPastHalf } from "./round-deadlines.ts";
import { RoundFolders } from "./round-folders.ts";
import { type RoundTreeModules, roundTree } from "./round-tree.ts";
import { SubSeat, type SubSeatModules } from "./sub-seat.ts";

export interface SubManagersOptions {
  readonly keys: KeyPair;
  readonly dataDir: string;
}

export interface SubManagersModules extends SubSeatModules, RoundTreeModules {
  readonly chain: Pick<Chain, "height">;
  readonly orders: Pick<AcceptedOrders, "accepts">;
  readonly links: Pick<LeaseLinks, "send" | "receive">;
  readonly disk: Disk;
  readonly log: NodeLog;
}

export class SubManagers implements JobService {
  readonly #options: SubManagersOptions;
  readonly #modules: SubManagersModules;
  readonly #flights: SingleFlight;
  readonly #folders: RoundFolders;
  readonly #retryAt = new Map<string, number>();
  /** Rounds in which it is no sub-manager, or no more. */
  readonly #passed = new Set<string>();

  constructor(options: SubManagersOptions, modules: SubManagersModules) {
    this.#options = options;
    this.#modules = modules;
    const { log, disk } = modules;
    this.#folders = new RoundFolders(`${options.dataDir}/sub-managers`, disk, (error) => {
      log.warn("marks of rounds could not be removed", { reason: String(error) });
    });
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(log, { what: "serving as a sub-manager failed", run: key, error });
    });
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const { chain, orders } = this.#modules;
    const due = new Set<string>();
    for (const job of jobs) {
      if (isOver(job) || !job.participants.some((one) => one.node === node)) continue;
      for (const round of roundsOf(job, chain.height)) {
        const key = runName(job.id, round);
        due.add(key);
        if (this.#passed.has(key) || !orders.accepts(job)) continue;
        if ((this.#retryAt.get(key) ?? 0) > chain.height) continue;
        this.#flights.start(key, (signal) => this.#sit(key, job, round, node, signal));
      }
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    for (const key of this.#passed) if (!due.has(key)) this.#passed.delete(key);
    this.#folders.retain(due);
  }

  stop(): void {
    this.#flights.stop();
  }

  async #sit(
    key: string,
    job: Job,
    round: number,
    node: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { links, disk, log } = this.#modules;
    const placed = roundTree(job, round, this.#modules);
    if (!placed.tree.isSubManager(node) || !(await this.#isFirstLife(key, disk))) {
      this.#passed.add(key);
      return;
    }
    signal.throwIfAborted();
    const { keys } = this.#options;
    const seat = new SubSeat({ ...placed, job, round, keys, node, signal }, this.#modules);
    const end = links.receive({ job: job.id, round }, seat);
    const children = placed.tree.children(node).length;
    log.info("sub-manager of a search", { run: key, children });
    try {
      await seat.run();
    } finally {
      end();
    }
  }

  /**
   * One that was here before does not know any more what it gave to whom: its children turn to the manager above, and
   * what they hold must not be given out again.
   */
  async #isFirstLife(key: string, disk: Disk): Promise<boolean> {
    const { log } = await DurableLog.open(this.#folders.pathOf(key), disk);
    try {
      if (log.life > 1) return false;
      await log.append(new Uint8Array(1));
      return true;
    } finally {
      await log.close();
    }
  }
}

/** The present one, also after this node's own commit, since children may wait for answers; and one that is ahead. */
function roundsOf(job: Job, height: number): readonly number[] {
  const phase = phaseOf(job);
  if (phase !== "training" && phase !== "revealing") return [];
  const present = phase === "training" ? [job.round] : [];
  return isPastHalf(job, height) ? [...present, job.round + 1] : present;
}
