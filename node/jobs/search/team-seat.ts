/**
 * This node's seat in the team of a search, for one round: it keeps the lease log together with the other members, and
 * while it manages, gives leases out at its desk. Nothing it says leaves before the log holds it, and nothing that
 * depends on its memory before its disk does.
 */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import type { KnownProof } from "../../../chain/evidence/check-evidence.ts";
import { makeDuplicateLease } from "../../../chain/evidence/lease-fault.ts";
import { canCommit } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { MAX_CLAIM_UNITS } from "../../../chain/workload/search/check.ts";
import {
  isUsurped,
  leaseManagerOf,
  leaseRoot,
  leaseSigningRoot,
  promiseSigningRoot,
} from "../../../chain/workload/search/lease-log.ts";
import { MAX_ROUNDS, modeOf } from "../../../chain/workload/search/round.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import type { Clock } from "../../clock.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import { childEvents } from "./child-reports.ts";
import type { NonceDigests } from "./find-check.ts";
import { FindNotices } from "./find-notices.ts";
import { isRecordFull } from "./full-record.ts";
import type { LeaseJournal } from "./lease-journal.ts";
import type { LeaseLinks, LeaseReceiver, MemberReceiver } from "./lease-links.ts";
import { LeaseOrderSender, receiverOf } from "./lease-order-sender.ts";
import { type LeaseMessage, type LeaseReply, type LeaseReport, RANKS } from "./lease-wire.ts";
import { LeaseDesk } from "./leases/desk.ts";
import type { AskEvent, DeskEffect, DeskEvent } from "./leases/desk-messages.ts";
import type { LeaseTable } from "./leases/lease-table.ts";
import { Member } from "./leases/member.ts";
import type {
  JournalNote,
  LogEntry,
  MemberEffect,
  MemberEvent,
  MemberMessage,
} from "./leases/member-messages.ts";
import { type Spans, unitSpans } from "./leases/span.ts";
import { type Holder, SUB_LANE, stepOf } from "./leases/step.ts";
import type { LogOrigin } from "./leases/turned.ts";
import type { LiveManager, LiveSearch, LiveSource } from "./live-search.ts";
import type { RoundPlace } from "./member-wire.ts";
import type { ClosedLog } from "./merge-claims.ts";
import { type RoundTree, type RoundTreeModules, roundTree } from "./round-tree.ts";
import { SafeLog } from "./safe-log.ts";
import { SignedMessages, type Verify } from "./signed-messages.ts";
import { TeamInbox } from "./team-inbox.ts";
import { TeamOutbox } from "./team-outbox.ts";
import { turnedEvents } from "./turned-reports.ts";

export interface TeamSeatOptions {
  /** In the round of the seat, or of one before: then the chain has not reached the round. */
  readonly job: Job;
  readonly round: number;
  readonly keys: KeyPair;
  /** Index of this node. */
  readonly node: number;
  readonly genesisRoot: Uint8Array;
  readonly notes: readonly JournalNote[];
  /** It may have been here before, and has lost what it promised. */
  readonly isForgetful: boolean;
  readonly signal: AbortSignal;
}

export type LeaseFault = Extract<KnownProof, { kind: "duplicate-lease" | "usurped-lease" }>;

export interface TeamSeatModules extends Pick<RoundTreeModules, "fanOut"> {
  readonly links: Pick<LeaseLinks, "send" | "sendToMember">;
  readonly journal: Pick<LeaseJournal, "write">;
  readonly digests: NonceDigests;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly log: NodeLog;
  /** In [0, 1). */
  random(): number;
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
  /** A manager signed what no honest one does. */
  onFault(proof: LeaseFault): void;
  /** Default: on the thread pool; a test has it at once. */
  readonly verify?: Verify;
  /** Whether a node gets no lease in this round, for it did not claim what it had reported. */
  rests(job: Job, node: number): boolean;
  /** Nothing more belongs to the round, which is safe; the next one's log goes on from here. */
  onTurned(origin: LogOrigin): void;
}

const TICK_MS = 250;
/** A lane of a node that rests asks again after so long. */
const REST_MS = 10_000;
export class TeamSeat implements LeaseReceiver, LiveSource, MemberReceiver {
  readonly #options: TeamSeatOptions;
  readonly #modules: TeamSeatModules;
  readonly #place: RoundPlace;
  readonly #tree: RoundTree;
  /** Of the round before, when its log went on in this one. */
  readonly #treeBefore: RoundTree | undefined;
  readonly #member: Member;
  readonly #notices: FindNotices;
  readonly #orders: LeaseOrderSender;
  readonly #inbox: TeamInbox;
  readonly #outbox: TeamOutbox;
  readonly #safe: SafeLog;
  readonly #effects: MemberEffect[] = [];
  #job: Job;
  readonly #expelled = new Set<number>();
  #desk: LeaseDesk | undefined;
  #view: number | undefined;
  #ending: "close" | "turn" | undefined;
  #isPumping = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: TeamSeatOptions, modules: TeamSeatModules) {
    this.#options = options;
    this.#modules = modules;
    this.#notices = new FindNotices(options.job.spec, modules.digests);
    const { job, round, keys, node, genesisRoot, notes, isForgetful, signal } = options;
    const { id, team } = job;
    const { keyOf, links, clock, verify } = modules;
    this.#job = job;
    this.#place = { job: id, round };
    const signed = new SignedMessages({ ...this.#place, genesisRoot, team, keyOf, verify });
    this.#inbox = new TeamInbox(
      { team, signal, onMessage: this.#takeMessage },
      { ...modules, signed },
    );
    this.#outbox = new TeamOutbox({ place: this.#place, team, node, signal }, modules);
    const treeModules = { ...modules, genesisRoot };
    this.#tree = roundTree(job, round, treeModules);
    this.#treeBefore = round > 1 ? roundTree(job, round - 1, treeModules) : undefined;
    this.#orders = new LeaseOrderSender(
      { ...this.#place, rank: "manager", signal },
      { links, clock },
    );
    this.#member = new Member(
      {
        ...this.#place,
        team,
        open: this.#isReached ? this.#open : undefined,
        self: team.indexOf(node),
        now: clock.monotonic(),
        isForgetful,
        sign: (entry) => ({ entry, signature: keys.sign(leaseSigningRoot(genesisRoot, entry)) }),
        signPromise: (promise) => ({
          promise,
          signature: keys.sign(promiseSigningRoot(genesisRoot, promise)),
        }),
      },
      notes,
    );
    this.#safe = new SafeLog(() => this.#member.emptyTable());
  }

  /**
   * The job as it is now.
   * @param isKnown the other members have probably seen it too
   */
  update(job: Job, isKnown: boolean): void {
    const wasReached = this.#isReached;
    this.#job = job;
    if (!this.#isReached) return;
    if (!wasReached) this.#step({ kind: "reached", now: this.#now, open: this.#open });
    if (!isKnown || this.#desk?.table.isBegun !== false) return;
    this.#deskStep({ kind: "begin", now: this.#now });
  }

  /** The chain is in the round of the seat. */
  get #isReached(): boolean {
    return this.#job.round >= this.#place.round;
  }

  /** What is safe. */
  get table(): LeaseTable {
    return this.#safe.table;
  }

  live(): LiveSearch {
    const seen = this.#safe.live(this.#open, this.#now);
    return { ...seen, manager: this.#manager };
  }

  get #manager(): LiveManager | undefined {
    const view = this.#view;
    if (view === undefined) return undefined;
    const { team } = this.#options.job;
    return { node: leaseManagerOf(team, this.#place.round, view), view };
  }

  get isManager(): boolean {
    return this.#desk !== undefined;
  }

  /** Until the signal. @throws what the journal threw */
  async run(): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#tick();
      await this.#modules.clock.sleep(TICK_MS, signal);
    }
  }

  /** The round takes no more work, and there is no other to go on in. */
  close(): void {
    this.#ending = "close";
    this.#endDesk();
  }

  /** The round takes no more work; what is open or leased goes on in the next one, if there is any. */
  turn(): void {
    this.#ending ??= "turn";
    this.#endDesk();
  }

  take(message: LeaseMessage, from: number): LeaseReply | undefined {
    const view = this.#view;
    switch (message.kind) {
      case "who":
        return { answer: "taken", view };
      case "report":
        if (RANKS[message.value.rank] !== "manager") return undefined;
        if (this.#desk === undefined) return { answer: "elsewhere", view };
        this.#takeReport(message.value, from);
        return { answer: "taken", view };
      case "find":
        void this.#takeFind(message.value.nonce, from);
        return { answer: "taken", view };
      case "orders":
        return undefined;
    }
  }

  hasRoomFor(from: number): boolean {
    return this.#inbox.hasRoomFor(from);
  }

  takeFromMember(messages: readonly MemberMessage[], from: number): void {
    this.#inbox.take(messages, from);
  }

  readonly #takeMessage = (message: MemberMessage, position: number): void => {
    this.#lookForUsurper(message);
    this.#step({ kind: "message", now: this.#now, from: position, message });
  };

  /** The chain has put these members out of the team. */
  expel(nodes: readonly number[]): void {
    for (const node of nodes) {
      if (this.#expelled.has(node)) continue;
      this.#expelled.add(node);
      const member = this.#options.job.team.indexOf(node);
      this.#step({ kind: "expel", now: this.#now, member });
    }
  }

  /**
   * Waits for entries on their way to this member.
   * @returns undefined when the log is not whole when patience ends, so that nothing follows from what it lacks
   */
  logWhen(
    isEnough: (log: ClosedLog) => boolean,
    patience: AbortSignal,
  ): Promise<ClosedLog | undefined> {
    const { signal } = this.#options;
    return this.#safe.when(isEnough, AbortSignal.any([patience, signal]));
  }

  #lookForUsurper(message: MemberMessage): void {
    if (message.kind !== "append" && message.kind !== "entries") return;
    const { team } = this.#options.job;
    for (const { signed } of message.entries) {
      if (!isUsurped(signed.entry, team)) continue;
      this.#modules.onFault({ kind: "usurped-lease", value: { usurped: signed } });
    }
  }

  get #open(): Spans {
    const { open } = searchProgress(this.#job);
    return unitSpans(open);
  }

  get #now(): number {
    return this.#modules.clock.monotonic();
  }

  /** Units that a node may claim, by what is safe. */
  ownedBy(node: number): Spans {
    return this.#safe.ownedBy(node);
  }

  #tick(): void {
    const now = this.#now;
    this.#step({ kind: "tick", now });
    if (this.#ending !== undefined) this.#endDesk();
    this.#deskStep({ kind: "tick", now });
  }

  #takeReport(report: LeaseReport, node: number): void {
    const { participants } = this.#job;
    const desk = this.#desk;
    const isHere = participants.some((one) => one.node === node && canCommit(one, this.#job));
    if (desk === undefined || !isHere) return;
    const facts = { ...this.#tree, table: desk.table, now: this.#now };
    if (this.#treeBefore !== undefined) {
      const before = { ...this.#treeBefore, table: desk.table, now: this.#now };
      for (const event of turnedEvents(report, node, before)) this.#deskStep(event);
    }
    const inRound = { ...this.#job, round: this.#place.round };
    for (const event of childEvents(report, node, facts)) {
      // A sub-manager asks for those below it as well.
      const isOwnAsk = event.kind === "ask" && event.holder.lane !== SUB_LANE;
      if (isOwnAsk && this.#modules.rests(inRound, node)) this.#rest(event);
      else this.#deskStep(event);
    }
  }

  #rest({ holder, request }: AskEvent): void {
    const reason = { code: "RESTING" } as const;
    this.#carryOutOfDesk({ kind: "wait", holder, request, reason, ms: REST_MS });
  }

  async #takeFind(nonce: bigint, node: number): Promise<void> {
    const { job, signal } = this.#options;
    if (!(await this.#notices.isRight(nonce, node, signal))) return;
    const now = this.#now;
    const member = job.team.indexOf(node);
    if (member !== -1) this.#step({ kind: "submit", now, member });
    this.#deskStep({ kind: "found", now, node, nonce });
  }

  #step(event: MemberEvent): void {
    if (this.#options.signal.aborted || this.#failure !== undefined) return;
    this.#effects.push(...this.#member.step(event));
    if (this.#isPumping || this.#effects.length === 0) return;
    this.#isPumping = true;
    this.#pump()
      .catch((error: unknown) => {
        if (this.#options.signal.aborted) return;
        this.#fail(error);
      })
      .finally(() => {
        this.#isPumping = false;
      });
  }

  /** What followed a note that is not on the disk must never leave: the seat ends, and another begins with the disk. */
  #fail(error: unknown): void {
    this.#failure = { error };
    this.#effects.length = 0;
    this.#desk = undefined;
    this.#modules.log.error("the lease log failed", { reason: String(error) });
  }

  /** In order: what follows a note leaves once the note is on the disk. */
  async #pump(): Promise<void> {
    for (;;) {
      const effect = this.#effects.shift();
      if (effect === undefined) return;
      if (effect.kind === "journal") await this.#modules.journal.write(effect.note);
      else this.#carryOut(effect);
      if (this.#options.signal.aborted) return;
    }
  }

  #carryOut(effect: Exclude<MemberEffect, { kind: "journal" }>): void {
    const { log, onFault } = this.#modules;
    switch (effect.kind) {
      case "send":
        this.#outbox.put(effect.to, effect.message);
        break;
      case "written":
        this.#deskStep({ kind: "held", now: this.#now, id: effect.id });
        break;
      case "safe":
        this.#takeSafe(effect.entries);
        break;
      case "lead":
        this.#lead(effect.log, effect.view);
        break;
      case "yield":
        this.#desk = undefined;
        break;
      case "manager":
        this.#view = effect.member === undefined ? undefined : effect.view;
        break;
      case "unproven":
        log.warn("a member promised a log that it does not show", {
          member: effect.member,
          view: effect.view,
        });
        break;
      case "fork":
        log.warn("a manager wrote two logs", { member: effect.member });
        onFault({
          kind: "duplicate-lease",
          value: makeDuplicateLease(effect.first, effect.second),
        });
        break;
      default:
        effect satisfies never;
    }
  }

  #takeSafe(entries: readonly LogEntry[]): void {
    this.#safe.add(entries, this.#now, ({ entry, step, worker }) => {
      const isClaimFull = worker !== undefined && this.table.claimable(worker) >= MAX_CLAIM_UNITS;
      if (isClaimFull || isRecordFull(this.#job, this.table)) this.turn();
      if (step.kind === "turn") {
        this.#modules.onTurned({ root: leaseRoot(entry.signed.entry), ...this.table.turned() });
      }
    });
    if (this.table.isClosed && this.#desk !== undefined) this.#tellClosed();
  }

  #lead(entries: readonly LogEntry[], view: number): void {
    const { job, node } = this.#options;
    const { log, random } = this.#modules;
    const now = this.#now;
    const past = entries.map(({ signed: { entry } }) => ({
      step: stepOf(entry),
      at: Number(entry.at),
    }));
    const { redundancy } = searchSpec(job.spec);
    const table = this.#member.emptyTable();
    const { tree } = this.#tree;
    const served = new Set(tree.top.filter((one) => !tree.isSubManager(one)));
    // Sub-managers of the round before may be none in this one, and lanes may have come under one.
    const isServed = ({ node: holder, lane }: Holder): boolean =>
      lane !== SUB_LANE && served.has(holder);
    const options = { open: [], table, redundancy, isServed, random };
    this.#desk = LeaseDesk.resume(options, past, now);
    this.#view = view;
    const { round } = this.#place;
    if (view > 0) log.warn("taking over as manager of a search", { round, view });
    // A first word to all: those who waited for another manager look for this one now.
    for (const participant of job.participants) {
      if (view > 0 && participant.node !== node)
        this.#orders.put(participant.node, view, undefined);
    }
    this.#endDesk();
  }

  #endDesk(): void {
    const { table } = this.#desk ?? {};
    if (table === undefined || table.isClosed || this.#ending === undefined) return;
    const isTurn = this.#ending === "turn" && this.#place.round < MAX_ROUNDS;
    const now = this.#now;
    // Ahead of the chain nobody knows yet what there is left.
    if (isTurn && !table.isBegun) this.#deskStep({ kind: "pause", now });
    else this.#deskStep({ kind: isTurn && table.open.size > 0 ? "turn" : "close", now });
  }

  #deskStep(event: DeskEvent): void {
    const desk = this.#desk;
    if (desk === undefined) return;
    for (const effect of desk.step(event)) this.#carryOutOfDesk(effect);
  }

  #carryOutOfDesk(effect: DeskEffect): void {
    const { job } = this.#options;
    switch (effect.kind) {
      case "append":
        this.#step({ kind: "write", now: this.#now, id: effect.id, step: effect.step });
        break;
      case "covered":
        this.close();
        break;
      case "find":
        if (modeOf(job) === "first") this.close();
        break;
      default:
        this.#orders.put(receiverOf(effect).node, this.#view ?? 0, effect);
    }
  }

  #tellClosed(): void {
    const order = this.table.isTurned ? "turned" : "closed";
    for (const { node } of this.#job.participants) this.#orders.put(node, this.#view ?? 0, order);
  }
}
