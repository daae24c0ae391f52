/** This node in the teams of searches: a seat for each round under way, from its begin to its record. */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { State } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { Chain } from "../../chain/chain.ts";
import type { EvidenceService } from "../../consensus/evidence-service.ts";
import type { Disk } from "../../disk.ts";
import { SingleFlight } from "../../single-flight.ts";
import type { Room } from "../../storage/room.ts";
import type { AcceptedOrders } from "../accepted-orders.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { JobService } from "../dispatch.ts";
import { requireRoom, retryBlocks, tellFailure } from "../duty-room.ts";
import { isHalfOver } from "./half-over.ts";
import { LeaseJournal } from "./lease-journal.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { LiveSearches } from "./live-searches.ts";
import type { ClosedLog } from "./merge-claims.ts";
import { leaseNeeds } from "./room-needs.ts";
import { RoundFolders } from "./round-folders.ts";
import { type LeaseFault, TeamSeat, type TeamSeatModules } from "./team-seat.ts";

export interface LeaseServiceOptions {
  readonly keys: KeyPair;
  readonly dataDir: string;
}

export interface LeaseServiceModules extends Omit<TeamSeatModules, "journal" | "onFault"> {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot">;
  readonly evidence: Pick<EvidenceService, "report">;
  readonly orders: Pick<AcceptedOrders, "accepts">;
  readonly links: Pick<LeaseLinks, "send" | "sendToMember" | "receive" | "receiveAsMember">;
  readonly disk: Disk;
  readonly live: Pick<LiveSearches, "watch">;
  readonly room: Room;
}

/** A member without a journal that comes so late takes no part in decisions of the round. */
const FORGOTTEN_MS = 30_000;

export class LeaseService implements JobService {
  readonly #options: LeaseServiceOptions;
  readonly #modules: LeaseServiceModules;
  readonly #flights: SingleFlight;
  readonly #seats = new Map<string, TeamSeat>();
  readonly #retryAt = new Map<string, number>();
  readonly #folders: RoundFolders;

  constructor(options: LeaseServiceOptions, modules: LeaseServiceModules) {
    this.#options = options;
    this.#modules = modules;
    const { log, disk } = modules;
    this.#folders = new RoundFolders(`${options.dataDir}/leases`, disk, (error) => {
      log.warn("logs of leases could not be removed", { reason: String(error) });
    });
    this.#flights = new SingleFlight((key, error) => {
      this.#retryAt.set(key, modules.chain.height + retryBlocks(error));
      tellFailure(log, { what: "keeping a log of leases failed", run: key, error });
    });
  }

  onJobs(jobs: readonly Job[], node: number): void {
    const { chain, orders } = this.#modules;
    const due = new Set<string>();
    for (const job of jobs) {
      const phase = phaseOf(job);
      const isOpen = phase === "training" || phase === "revealing";
      if (!isOpen || !job.team.includes(node)) continue;
      const key = runName(job.id, job.round);
      due.add(key);
      if (!orders.accepts(job)) continue;
      if ((this.#retryAt.get(key) ?? 0) <= chain.height) {
        this.#flights.start(key, (signal) => this.#sit(job, node, signal));
      }
      const seat = this.#seats.get(key);
      if (isHalfOver(job, chain.height)) seat?.close();
      seat?.expel(job.team.filter((member) => isOutOfTeam(member, job, chain.state)));
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#folders.retain(due);
  }

  stop(): void {
    this.#flights.stop();
  }

  /** Of a round in which this node has a seat. */
  seatOf({ id, round }: Pick<Job, "id" | "round">): TeamSeat | undefined {
    return this.#seats.get(runName(id, round));
  }

  /** @returns undefined where the log is not whole when patience ends, or this node has no seat */
  async logWhen(
    job: Job,
    isEnough: (log: ClosedLog) => boolean,
    patience: AbortSignal,
  ): Promise<ClosedLog | undefined> {
    return this.seatOf(job)?.logWhen(isEnough, patience);
  }

  /** So late that this node may have been here before, and lost its journal with its disk. */
  #isLate({ phaseSince, spec }: Job): boolean {
    const { height, state } = this.#modules.chain;
    const most = Math.ceil(FORGOTTEN_MS / state.parameters.blockIntervalMs);
    return height > phaseSince + Math.min(most, Math.ceil(spec.phaseBlocks / 4));
  }

  #report(proof: LeaseFault): void {
    const { evidence, keyOf, log } = this.#modules;
    const { entry } = proof.kind === "duplicate-lease" ? proof.value.first : proof.value.usurped;
    evidence.report(keyOf(entry.manager), proof).catch((error: unknown) => {
      log.warn("a fault of a manager could not be reported", { reason: String(error) });
    });
  }

  async #sit(job: Job, node: number, signal: AbortSignal): Promise<void> {
    const { chain, links, live, disk, room } = this.#modules;
    await requireRoom(room, leaseNeeds());
    const key = runName(job.id, job.round);
    const { journal, notes } = await LeaseJournal.open(this.#folders.pathOf(key), disk);
    signal.throwIfAborted();
    const { keys } = this.#options;
    const { genesisRoot } = chain;
    const isForgetful = notes.length === 0 && this.#isLate(job);
    const seat = new TeamSeat(
      { job, keys, node, genesisRoot, notes, isForgetful, signal },
      { ...this.#modules, journal, onFault: (proof) => this.#report(proof) },
    );
    const place = { job: job.id, round: job.round };
    const ends = [
      links.receive(place, seat),
      links.receiveAsMember(place, seat),
      live.watch(job, seat),
    ];
    this.#seats.set(key, seat);
    if (isHalfOver(job, chain.height)) seat.close();
    try {
      await seat.run();
    } finally {
      this.#seats.delete(key);
      for (const end of ends) end();
      await journal.end();
    }
  }
}

function isOutOfTeam(
  member: number,
  { expelled }: Pick<Job, "expelled">,
  { nodes }: Pick<State, "nodes">,
): boolean {
  return expelled.includes(member) || nodes.at(member).slashedAt !== 0;
}
