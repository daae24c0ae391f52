/** This node in the teams of searches: a seat for each round under way, from its begin to its record. */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import { isOver, phaseOf } from "../../../chain/job/phase.ts";
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
import { LeaseJournal } from "./lease-journal.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { LogOrigin } from "./leases/turned.ts";
import type { LiveSearches } from "./live-searches.ts";
import type { ClosedLog } from "./merge-claims.ts";
import { leaseNeeds } from "./room-needs.ts";
import { isPastHalf } from "./round-deadlines.ts";
import { RoundFolders } from "./round-folders.ts";
import { isMarked, MARK, RoundMemory } from "./round-memory.ts";
import { type LeaseFault, TeamSeat, type TeamSeatModules } from "./team-seat.ts";
import { ownedOfLeases, Unclaimed } from "./unclaimed.ts";

export interface LeaseServiceOptions {
  readonly keys: KeyPair;
  readonly dataDir: string;
}

export interface LeaseServiceModules
  extends Omit<TeamSeatModules, "clock" | "journal" | "onFault" | "onTurned" | "rests"> {
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
  /** Rounds that the chain has not reached, and from where their logs go on. */
  readonly #ahead = new Map<string, LogOrigin>();
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
      const rounds = [job.round, job.round + 1];
      for (const round of rounds) due.add(runName(job.id, round));
      this.#memory.onJob(job);
      if (!orders.accepts(job)) continue;
      for (const round of rounds) this.#look(job, round, node);
      const seat = this.#seats.get(runName(job.id, job.round));
      if (isPastHalf(job, chain.height)) seat?.turn();
      if (seat !== undefined && phase === "revealing") {
        this.#unclaimed.note(job, ownedOfLeases(seat.table));
      }
    }
    this.#dropAhead(due);
    this.#flights.keepOnly((key) => due.has(key));
    for (const key of this.#retryAt.keys()) if (!due.has(key)) this.#retryAt.delete(key);
    this.#folders.retain(due);
    this.#memory.keepOnly(due);
    this.#unclaimed.keepOnly(new Set(jobs.map(({ id }) => toHex(id))));
  }

  #look(job: Job, round: number, node: number): void {
    const { chain } = this.#modules;
    const key = runName(job.id, round);
    const isReached = round === job.round;
    if (!isReached && !this.#ahead.has(key)) return;
    if ((this.#retryAt.get(key) ?? 0) <= chain.height) {
      this.#flights.start(key, (signal) => this.#sit(job, round, node, signal));
    }
    const seat = this.#seats.get(key);
    seat?.update(job, chain.height > job.phaseSince);
    seat?.expel(job.team.filter((member) => isOutOfTeam(member, job, chain.state)));
    if (isReached) this.#ahead.delete(key);
  }

  /** The job has ended before the chain came to these rounds. */
  #dropAhead(due: ReadonlySet<string>): void {
    for (const key of this.#ahead.keys()) {
      if (due.has(key)) continue;
      this.#ahead.delete(key);
      this.#modules.log.info("leases ahead of the chain are dropped: the search is over", {
        run: key,
      });
    }
  }

  /** A round has turned: the next one begins at once. */
  #goOn(id: Uint8Array, round: number, origin: LogOrigin): void {
    const { state } = this.#modules.chain;
    const node = state.nodeIndex(this.#options.keys.publicKey);
    const index = state.jobIndex(id);
    const job = index === undefined ? undefined : state.jobs.get(index);
    // The chain may have gone on meanwhile.
    if (node === undefined || job?.round !== round || isOver(job)) return;
    this.#ahead.set(runName(id, round + 1), origin);
    this.#look(job, round + 1, node);
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

  async #sit(job: Job, round: number, node: number, signal: AbortSignal): Promise<void> {
    const { chain, links, live, disk, room } = this.#modules;
    await requireRoom(room, leaseNeeds());
    const key = runName(job.id, round);
    const ahead = this.#ahead.get(key);
    const { journal, notes } = await LeaseJournal.open(this.#folders.pathOf(key), disk);
    const isForgetful = this.#memory.isForgetful(key, notes);
    if (!isForgetful) this.#memory.remembers(job.id, round);
    if (notes.length === 0 && ahead !== undefined) {
      const note = { kind: "origin", origin: ahead } as const;
      await journal.write(note);
      notes.push(note);
    }
    signal.throwIfAborted();
    const { keys } = this.#options;
    const { genesisRoot } = chain;
    if (!isForgetful && !isMarked(notes)) {
      await journal.write(MARK);
      this.#memory.marked(key);
    }
    const seat = new TeamSeat(
      { job, round, keys, node, genesisRoot, notes, isForgetful, signal },
      {
        ...this.#modules,
        journal,
        onFault: (proof) => this.#report(proof),
        rests: (inJob, one) => this.#unclaimed.rests(inJob, one),
        onTurned: (origin) => this.#goOn(job.id, round, origin),
      },
    );
    const place = { job: job.id, round };
    const ends = [
      links.receive(place, seat),
      links.receiveAsMember(place, seat),
      live.watch({ id: job.id, round }, seat),
    ];
    this.#seats.set(key, seat);
    if (round === job.round && isPastHalf(job, chain.height)) seat.turn();
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
