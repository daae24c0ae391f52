/**
 * This node as a participant of searches: takes its part in each round, and keeps its claims secret until all have
 * committed. Driven by the chain alone, so a restart finds its place again.
 */
import { toHex } from "../../../chain/crypto/hash.ts";
import { canCommit, hasCommitted, isOver, phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Chain } from "../../chain/chain.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { Room } from "../../storage/room.ts";
import type { AcceptedOrders } from "../accepted-orders.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { JobService } from "../dispatch.ts";
import { requireRoom, retryBlocks, tellFailure } from "../duty-room.ts";
import { untilTaken } from "../until-taken.ts";
import { keepSecret } from "../update-secrecy.ts";
import { isHalfOver } from "./half-over.ts";
import type { LiveSearches } from "./live-searches.ts";
import { searchNeeds } from "./room-needs.ts";
import { RoundFolders } from "./round-folders.ts";
import { SearchRound, type SearchRoundModules } from "./search-round.ts";
import type { SearchTroubles } from "./search-troubles.ts";

export interface SearchParticipantOptions {
  readonly publicKey: Uint8Array;
  readonly dataDir: string;
}

export interface SearchParticipantModules
  extends Omit<SearchRoundModules, "onFailed" | "onUnits" | "troubles"> {
  readonly chain: Pick<Chain, "state" | "height" | "onBlock">;
  readonly orders: AcceptedOrders;
  readonly blobs: Pick<BlobStore, "withhold" | "release" | "putWithheld">;
  readonly room: Room;
  readonly live: Pick<LiveSearches, "watch">;
  readonly troubles: Pick<SearchTroubles, "of" | "keepOnly">;
  /** Workers that can search at the same time. */
  lanes(): number;
}

export class SearchParticipant implements JobService {
  readonly #options: SearchParticipantOptions;
  readonly #modules: SearchParticipantModules;
  readonly #flights: SingleFlight;
  readonly #rounds = new Map<string, SearchRound>();
  readonly #retryAt = new Map<string, number>();
  readonly #folders: RoundFolders;

  constructor(options: SearchParticipantOptions, modules: SearchParticipantModules) {
    this.#options = options;
    this.#modules = modules;
    const { log, disk } = modules;
    this.#folders = new RoundFolders(`${options.dataDir}/searches`, disk, (error) => {
      log.warn("searched rounds could not be removed", { reason: String(error) });
    });
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(log, { what: "searching failed", run: key, error });
    });
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const { chain, orders, troubles } = this.#modules;
    const due = new Set<string>();
    const wanted = new Set<string>();
    const underWay = new Set<string>();
    for (const job of jobs) {
      const own = job.participants.find((participant) => participant.node === node);
      const phase = phaseOf(job);
      if (own === undefined) continue;
      if (!isOver(job)) underWay.add(toHex(job.id));
      if (hasCommitted(own)) keepSecret(own, job, this.#modules);
      const key = runName(job.id, job.round);
      if (phase === "training" || phase === "revealing") wanted.add(key);
      const isDue = phase === "training" && canCommit(own, job) && !hasCommitted(own);
      if (!isDue || !orders.accepts(job)) continue;
      due.add(key);
      if ((this.#retryAt.get(key) ?? 0) <= chain.height) {
        this.#flights.start(key, (signal) => this.#search(job, node, signal));
      }
      if (isHalfOver(job, chain.height)) this.#rounds.get(key)?.close();
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#folders.retain(wanted);
    troubles.keepOnly((job) => underWay.has(job));
  }

  stop(): void {
    this.#flights.stop();
  }

  async #search(job: Job, node: number, signal: AbortSignal): Promise<void> {
    const { chain, orders, room, live, log, troubles } = this.#modules;
    const { publicKey, dataDir } = this.#options;
    await requireRoom(room, searchNeeds());
    const key = runName(job.id, job.round);
    const { blockIntervalMs } = chain.state.parameters;
    const lanes = Math.max(1, this.#modules.lanes());
    const round = new SearchRound(
      {
        job,
        node,
        publicKey,
        lanes,
        dataDir,
        deadlineMs: 4 * job.spec.phaseBlocks * blockIntervalMs,
        signal,
      },
      {
        ...this.#modules,
        troubles: troubles.of(job.id, lanes),
        onFailed: (error) => {
          orders.found(job, error);
          log.warn("a part of a search failed", { run: key, reason: String(error) });
        },
        onUnits: () => {},
      },
    );
    this.#rounds.set(key, round);
    const end = live.watch(job, round);
    if (isHalfOver(job, chain.height)) round.close();
    try {
      await round.run();
    } finally {
      this.#rounds.delete(key);
      end();
    }
    await untilTaken(job, signal, chain);
  }
}
