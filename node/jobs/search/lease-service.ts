/** This node in the teams of searches: a seat for each round under way, from its begin to its record. */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { State } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { Chain } from "../../chain/chain.ts";
import type { Clock } from "../../clock.ts";
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
import { MARK, RoundMemory } from "./round-memory.ts";
import { type LeaseFault, TeamSeat, type TeamSeatModules } from "./team-seat.ts";
import { Unclaimed } from "./unclaimed.ts";

export interface LeaseServiceOptions {
  readonly keys: KeyPair;
  readonly dataDir: string;
}

export interface LeaseServiceModules
  extends Omit<TeamSeatModules, "clock" | "journal" | "onFault" | "rests"> {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot">;
  readonly clock: Pick<Clock, "now" | "monotonic" | "sleep">;
  readonly evidence: Pick<EvidenceService, "report">;
  readonly orders: Pick<AcceptedOrders, "accepts">;
  readonly links: Pick<LeaseLinks, "send" | "sendToMember" | "receive" | "receiveAsMember">;
  readonly disk: Disk;
  readonly live: Pick<LiveSearches, "watch">;
  readonly room: Room;
}

export class LeaseService implements JobService {
  readonly #options: LeaseServiceOptions;
  readonly #modules: LeaseServiceModules;
  readonly #flights: SingleFlight;
  readonly #seats = new Map<string, TeamSeat>();
  readonly #retryAt = new Map<string, number>();
  readonly #unclaimed = new Unclaimed();
  readonly #folders: RoundFolders;
  readonly #memory: RoundMemory;

  constructor(options: LeaseServiceOptions, modules: LeaseServiceModules) {
    this.#options = options;
    this.#modules = modules;
    const { log, disk, clock } = modules;
    this.#memory = new RoundMemory({ startedAt: clock.now() });
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
    const { meta, height, parameters } = chain.state;
    this.#memory.onBlock(height, Number(meta.time), parameters.blockIntervalMs);
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
      if (seat !== undefined && phase === "revealing") {
        this.#unclaimed.note(job, (owner) => seat.ownedBy(owner));
      }
      seat?.expel(job.team.filter((member) => isOutOfTeam(member, job, chain.state)));
    }
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#folders.retain(due);
    this.#memory.keepOnly(due);
    this.#unclaimed.keepOnly(new Set(jobs.map(({ id }) => toHex(id))));
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
    const since = phaseOf(job) === "training" ? job.phaseSince : undefined;
    const isForgetful = this.#memory.isForgetful({ key, since }, notes);
    if (!isForgetful && notes.length === 0) {
      await journal.write(MARK);
      this.#memory.marked(key);
    }
    const seat = new TeamSeat(
      { job, keys, node, genesisRoot, notes, isForgetful, signal },
      {
        ...this.#modules,
        journal,
        onFault: (proof) => this.#report(proof),
        rests: (inJob, one) => this.#unclaimed.rests(inJob, one),
      },
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
