/** This node as a sub-manager of searches: a seat for each round in which the tree makes it one. */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import { isOver, phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { Chain } from "../../chain/chain.ts";
import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { AcceptedOrders } from "../accepted-orders.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { JobService } from "../dispatch.ts";
import { retryBlocks, tellFailure } from "../duty-room.ts";
import type { LeaseLinks } from "./lease-links.ts";
import { isPastHalf } from "./round-deadlines.ts";
import { RoundFolders } from "./round-folders.ts";
import { RoundMemory } from "./round-memory.ts";
import { type RoundTreeModules, roundTree } from "./round-tree.ts";
import { maySubManage } from "./sub-memory.ts";
import { SubSeat, type SubSeatModules } from "./sub-seat.ts";

export interface SubManagersOptions {
  readonly keys: KeyPair;
  readonly dataDir: string;
}

export interface SubManagersModules extends Omit<SubSeatModules, "clock">, RoundTreeModules {
  readonly chain: Pick<Chain, "height" | "state">;
  readonly clock: Pick<Clock, "now" | "monotonic" | "sleep">;
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
  readonly #memory: RoundMemory;
  readonly #retryAt = new Map<string, number>();
  /** Rounds in which it is no sub-manager, or no more. */
  readonly #passed = new Set<string>();

  constructor(options: SubManagersOptions, modules: SubManagersModules) {
    this.#options = options;
    this.#modules = modules;
    const { log, disk, clock } = modules;
    this.#memory = new RoundMemory({ startedAt: clock.now() });
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
    const { meta, parameters } = chain.state;
    this.#memory.onBlock(chain.height, Number(meta.time), parameters.blockIntervalMs);
    const due = new Set<string>();
    const known = new Set<string>();
    for (const job of jobs) {
      if (isOver(job) || !job.participants.some((one) => one.node === node)) continue;
      this.#memory.onJob(job);
      for (const round of [job.round, job.round + 1]) known.add(runName(job.id, round));
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
    for (const key of this.#passed) if (!known.has(key)) this.#passed.delete(key);
    this.#folders.retain(known);
    this.#memory.keepOnly(known);
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
    const memory = this.#memory;
    const pathOf = (run: string): string => this.#folders.pathOf(run);
    const isMine = await maySubManage(job.id, round, { disk, memory, pathOf });
    if (!placed.tree.isSubManager(node) || !isMine) {
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
}

/** The present one, also after this node's own commit, since children may wait for answers; and one that is ahead. */
function roundsOf(job: Job, height: number): readonly number[] {
  const phase = phaseOf(job);
  if (phase !== "training" && phase !== "revealing") return [];
  const present = phase === "training" ? [job.round] : [];
  return isPastHalf(job, height) ? [...present, job.round + 1] : present;
}
