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
import { keepSecret } from "../update-secrecy.ts";
import { waitForCommit } from "../wait-for-commit.ts";
import type { LiveSearches } from "./live-searches.ts";
import { searchNeeds } from "./room-needs.ts";
import { isOverdue } from "./round-deadlines.ts";
import { RoundFolders } from "./round-folders.ts";
import { SearchRound, type SearchRoundModules, type TurnedRound } from "./search-round.ts";
import type { SearchTroubles } from "./search-troubles.ts";

export interface SearchParticipantOptions {
  readonly publicKey: Uint8Array;
  readonly dataDir: string;
}

export interface SearchParticipantModules
  extends Omit<SearchRoundModules, "onFailed" | "onTurned" | "onUnits" | "troubles"> {
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
  /** Rounds that the chain has not reached, and what the round before searched. */
  readonly #ahead = new Map<string, TurnedRound>();
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
      const isOpen = phase === "training" || phase === "revealing";
      if (!isOpen) continue;
      const [key, next] = [runName(job.id, job.round), runName(job.id, job.round + 1)];
      wanted.add(key).add(next);
      this.#ahead.delete(key);
      if (!canCommit(own, job) || !orders.accepts(job)) continue;
      if (this.#ahead.has(next)) {
        due.add(next);
        this.#begin(job, job.round + 1, node);
      }
      if (phase !== "training" || hasCommitted(own)) continue;
      due.add(key);
      this.#begin(job, job.round, node);
      const round = this.#rounds.get(key);
      round?.update(job);
      if (isOverdue(job, chain.height)) round?.close();
    }
    this.#dropAhead(wanted, due);
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#folders.retain(wanted);
    troubles.keepOnly((job) => underWay.has(job));
  }

  stop(): void {
    this.#flights.stop();
  }

  #begin(job: Job, round: number, node: number): void {
    const key = runName(job.id, round);
    if ((this.#retryAt.get(key) ?? 0) > this.#modules.chain.height) return;
    this.#flights.start(key, (signal) => this.#search(job, round, node, signal));
  }

  /** Nobody may claim it any more. */
  #dropAhead(wanted: ReadonlySet<string>, due: ReadonlySet<string>): void {
    for (const key of this.#ahead.keys()) {
      if (due.has(key)) continue;
      this.#ahead.delete(key);
      const isOver = !wanted.has(key);
      const reason = isOver ? "the search is over" : "this node has no part in it any more";
      this.#modules.log.info("what was searched ahead of the chain is dropped", {
        run: key,
        reason,
      });
    }
  }

  /** More is open than the round before could take: lanes go on while it is committed to and recorded. */
  #goOn({ id }: Job, round: number, node: number, turned: TurnedRound): void {
    const { state } = this.#modules.chain;
    const index = state.jobIndex(id);
    const job = index === undefined ? undefined : state.jobs.get(index);
    // The chain may have gone on meanwhile.
    if (job?.round !== round || isOver(job)) return;
    this.#ahead.set(runName(id, round + 1), turned);
    this.#begin(job, round + 1, node);
  }

  async #search(job: Job, at: number, node: number, signal: AbortSignal): Promise<void> {
    const { chain, orders, room, live, log, troubles } = this.#modules;
    const { publicKey, dataDir } = this.#options;
    await requireRoom(room, searchNeeds());
    const key = runName(job.id, at);
    const { blockIntervalMs } = chain.state.parameters;
    const lanes = Math.max(1, this.#modules.lanes());
    const round = new SearchRound(
      {
        job,
        round: at,
        before: this.#ahead.get(key),
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
        onTurned: (turned) => this.#goOn(job, at, node, turned),
      },
    );
    this.#rounds.set(key, round);
    const end = live.watch({ id: job.id, round: at }, round);
    if (at === job.round && isOverdue(job, chain.height)) round.close();
    try {
      await round.run();
    } finally {
      this.#rounds.delete(key);
      end();
    }
    await waitForCommit(job, signal, chain);
  }
}
