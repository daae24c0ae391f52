/**
 * The desk at which leases are given out: it takes asks and reports of lanes, decides who gets which units, and says
 * what is to be written to the log. No answer leaves before the log holds what it says.
 */
import { choose } from "./choose.ts";
import { DeskLanes, isLate, type LaneRow, laneAimMs, type Run } from "./desk-lanes.ts";
import type {
  AckEffect,
  AskEvent,
  BeatEvent,
  DeliverEvent,
  DeskEffect,
  DeskEvent,
  FoundEvent,
  LeaseEffect,
  OrphanEvent,
  WaitReason,
} from "./desk-messages.ts";
import { type Lease, LeaseTable, MAX_ROUND_FINDS } from "./lease-table.ts";
import { FREE, type Piece } from "./open-units.ts";
import { FIRST_UNITS, tooFar } from "./pace.ts";
import { overlap, type Span, type Spans, sizeOf, without } from "./span.ts";
import type { CutStep, GrantStep, Holder, LeaseStep, PartStep, ProgressStep } from "./step.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

export interface DeskOptions {
  /** Units that are open when the round begins. */
  readonly open: Spans;
  /** Units to be searched a second time by another node, of each 100; 0 to 100. */
  readonly redundancy: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** A step of the log, and when it was written: milliseconds since the round began. */
export interface PastStep {
  readonly step: LeaseStep;
  readonly at: number;
}

/** Weight of the newest in the mean time that writing takes. */
const NEWEST = 0.1;
const FIRST_SCHEDULE_MS = 100;
/** Leases that a lane works on or has ready; it asks for the next one while it searches. */
const MOST_RUNS = 2;
/** The same of a sub-manager; before it has delivered anything it gets the first leases of two for each lane. */
const MOST_SUB_RUNS = 16;
/** A lane that lost a lease without having searched anything rests, twice as long each time. */
const REST_MS = 15_000;
const MOST_REST_MS = 3_600_000;
const SILENT_WAIT_MS = 60_000;

type AskFacts = Pick<AskEvent, "request" | "holds" | "now">;

interface Pending {
  readonly since: number;
  readonly lease: number;
  readonly effects: readonly DeskEffect[];
  readonly answers: LaneRow | undefined;
}

export class LeaseDesk {
  readonly #table: LeaseTable;
  readonly #lanes = new DeskLanes();
  readonly #redundancy: number;
  readonly #total: number;
  readonly #random: () => number;
  readonly #pending = new Map<number, Pending>();
  /** Leases with steps that are not held yet, and how many. */
  readonly #unheld = new Map<number, number>();
  #ids = 0;
  #scheduleMs = FIRST_SCHEDULE_MS;
  #saidCovered = false;

  constructor({ open, redundancy, random }: DeskOptions) {
    this.#table = new LeaseTable({ open });
    this.#redundancy = redundancy;
    this.#total = this.#table.open.size;
    this.#random = random;
  }

  /** As the log says, with what is not held yet. */
  get table(): LeaseTable {
    return this.#table;
  }

  /** Units a millisecond of all lanes that are there. */
  totalRate(now: number): number {
    return this.#lanes.totalRate(now);
  }

  /**
   * A desk that goes on where a log ends. Leases at work get their time anew; how fast lanes are follows from the log.
   * @throws LeaseStepError for a log that no table takes
   */
  static resume(options: DeskOptions, log: readonly PastStep[], now: number): LeaseDesk {
    const desk = new LeaseDesk(options);
    for (const past of log) desk.#replay(past, now - (log.at(-1)?.at ?? 0));
    for (const run of desk.#lanes.runs) {
      // Also of one that was queued: its holder may have done it while nobody managed.
      run.isResumed = true;
      if (run.startedAt !== undefined) run.startedAt = now;
    }
    // Lanes need as long to miss the manager before, and then to find this one.
    for (const lane of desk.#lanes.all) lane.heardAt = now + MANAGER_MISSES * BEAT_MS;
    return desk;
  }

  /** Of a sub-manager's desk: units that it may give out. */
  add(span: Span): void {
    this.#table.add(span);
    this.#saidCovered = false;
  }

  /** Of a sub-manager's desk: units that it may not give out any more; who searches them still reports them. */
  withdraw(span: Span): void {
    this.#table.withdraw(span);
  }

  step(event: DeskEvent): readonly DeskEffect[] {
    const effects: DeskEffect[] = [];
    const { now } = event;
    switch (event.kind) {
      case "ask": {
        const lane = this.#lanes.of(event.holder, now);
        lane.rttMs = event.rttMs;
        lane.lanes = event.lanes ?? 1;
        this.#ask(lane, event, effects);
        break;
      }
      case "beat":
        this.#beat(event, effects);
        break;
      case "deliver":
        this.#deliver(event, effects);
        break;
      case "orphan":
        this.#orphan(event, effects);
        break;
      case "found":
        this.#found(event, effects);
        break;
      case "held":
        this.#held(event.id, now, effects);
        break;
      case "close":
        this.#close(now, effects);
        break;
      case "tick":
        this.#tick(now, effects);
        break;
      default:
        return event satisfies never;
    }
    if (this.#table.open.size === 0 && !this.#saidCovered) {
      this.#saidCovered = true;
      effects.push({ kind: "covered" });
    }
    return effects;
  }

  #ask(lane: LaneRow, { request, holds, now }: AskFacts, effects: DeskEffect[]): void {
    if (request < lane.request) return;
    lane.request = request;
    // Given before, by this manager or the one before it, and never arrived.
    const lost = lane.runs.find(({ lease }) => !holds.includes(lease));
    const lease = lost && this.#table.lease(lost.lease);
    if (lost !== undefined && lease !== undefined) {
      if (this.#unheld.has(lost.lease)) return;
      lane.isWaiting = false;
      effects.push(leaseEffect(lease, request, lost.expectedMs ?? 0));
      return;
    }
    if (!this.#serve(lane, now, effects)) this.#refuse(lane, now, effects);
  }

  #serve(lane: LaneRow, now: number, effects: DeskEffect[]): boolean {
    if (this.#table.isClosed || tooFar(lane.pace) !== undefined) return false;
    if (hasEnough(lane)) return false;
    if (now < lane.restsUntil) return false;
    const facts = {
      table: this.#table,
      lanes: this.#lanes,
      redundancy: this.#redundancy,
      total: this.#total,
      scheduleMs: this.#scheduleMs,
      random: this.#random,
    };
    const choice = choose(lane, now, facts);
    if (choice === undefined) return false;
    const { kind, from, to, isFull, aimMs, copies } = choice;
    const { holder } = lane;
    const step: GrantStep = { kind, lease: this.#table.next, ...holder, from, to };
    this.#table.apply(step);
    const units = to - from;
    const { rate } = lane.pace;
    const expectedMs = rate === undefined ? undefined : units / rate;
    const run: Run = {
      lease: step.lease,
      lane,
      size: units,
      isFull,
      aimMs,
      expectedMs,
      at: from,
      startedAt: undefined,
      isResumed: false,
      waitedMs: 0,
      copies,
    };
    this.#lanes.begin(run);
    lane.isWaiting = false;
    const answer: LeaseEffect = {
      kind: "lease",
      holder,
      request: lane.request,
      lease: step.lease,
      from,
      to,
      expectedMs: expectedMs ?? 0,
    };
    this.#append(step, step.lease, [answer], now, effects, lane);
    return true;
  }

  #refuse(lane: LaneRow, now: number, effects: DeskEffect[]): void {
    const { holder, request } = lane;
    const far = tooFar(lane.pace);
    let reason: WaitReason = { code: "NOTHING_FREE" };
    let ms = BEAT_MS;
    lane.isWaiting = true;
    if (this.#table.isClosed) {
      reason = { code: "CLOSED" };
      lane.isWaiting = false;
    } else if (far !== undefined) {
      reason = { code: "TOO_FAR", rttMs: lane.rttMs, ...far };
      ms = SILENT_WAIT_MS;
      lane.isWaiting = false;
      // Asked again, it is tried again: what made it far may be over.
      lane.pace = { ...lane.pace, spent: [] };
    } else if (now < lane.restsUntil) reason = { code: "RESTING" };
    effects.push({ kind: "wait", holder, request, reason, ms });
    lane.endedAt ??= now;
  }

  #beat({ holder, lease: number, at, now }: BeatEvent, effects: DeskEffect[]): void {
    const lane = this.#lanes.of(holder, now);
    const lease = this.#table.lease(number);
    if (lease === undefined || !isHolder(lease, holder)) return;
    const run = this.#lanes.run(number);
    if (lease.isOver || run === undefined) {
      this.#late(lease, at, now, effects);
      return;
    }
    if (at > lease.granted.to) return;
    this.#start(run, lane, now);
    run.at = Math.max(run.at, Math.min(at, lease.to));
    if (at < lease.to) {
      if (this.#unheld.has(number)) return;
      const done = { from: lease.granted.from, to: lease.at };
      this.#tellOwned(lease, done, holder, effects);
      return;
    }
    this.#log(run, lease.to, now, effects);
    if (at > lease.to) this.#late(lease, at, now, effects);
  }

  /** A lease begins when its holder is known to have it and has ended the one before. */
  #start(run: Run, lane: LaneRow, now: number): void {
    if (run.startedAt !== undefined || lane.runs[0] !== run) return;
    run.startedAt = now;
  }

  /** Writes how far a lease is. */
  #log(run: Run, at: number, now: number, effects: DeskEffect[]): void {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver) return;
    const to = Math.min(at, lease.to);
    if (to <= lease.at) return;
    const span = { from: lease.at, to };
    const step: ProgressStep = { kind: "progress", lease: run.lease, to };
    const taken = lease.kind === "race" ? this.#table.open.within(span) : [];
    const won = this.#table.apply(step);
    run.lane.fruitless = 0;
    const counted = lease.kind === "repeat" ? [span] : won;
    const answers = answersFor(lease, lease, span, counted);
    this.#append(step, run.lease, answers, now, effects);
    if (this.#table.lease(run.lease)?.isOver === true) {
      this.#lanes.end(run.lease, to - lease.granted.from, now);
    }
    this.#trim(taken, run.lease, now, effects);
  }

  /** Leases of which a copy has searched the last units end where the rest begins. */
  #trim(taken: readonly Piece[], by: number, now: number, effects: DeskEffect[]): void {
    const losers = new Set(taken.map(({ lease }) => lease));
    losers.delete(FREE);
    losers.delete(by);
    for (const number of losers) {
      const lease = this.#table.lease(number);
      const run = this.#lanes.run(number);
      if (lease === undefined || lease.isOver || run === undefined) continue;
      const last = this.#table.heldBy(lease).at(-1);
      const to = Math.max(lease.at, last?.to ?? lease.at);
      if (to >= lease.to) continue;
      if (last === undefined) this.#log(run, Math.min(run.at, lease.to), now, effects);
      this.#cut(run, Math.max(to, this.#table.lease(number)?.at ?? to), now, effects);
    }
  }

  /** Ends a lease at a unit. */
  #cut(run: Run, to: number, now: number, effects: DeskEffect[]): void {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver || to >= lease.to) return;
    const step: CutStep = { kind: "cut", lease: run.lease, to };
    this.#table.apply(step);
    const end = { kind: "end", holder: run.lane.holder, lease: run.lease, to } as const;
    this.#append(step, run.lease, [end], now, effects);
    const after = this.#table.lease(run.lease);
    if (after?.isOver === true) this.#lanes.end(run.lease, after.at - after.granted.from, now);
  }

  /** A report of a lease that is over: what nobody else was given counts after all, the rest is told to be stale. */
  #late(lease: Lease, at: number, now: number, effects: DeskEffect[]): void {
    const { node, lane, granted } = lease;
    const holder = { node, lane };
    const until = Math.min(at, granted.to);
    const from = Math.max(lease.kind === "repeat" ? until : lease.at, granted.from);
    if (until > from && lease.kind !== "repeat") {
      this.#part(lease, holder, { from, to: until }, holder, now, effects);
    }
    if (until > granted.from && !this.#unheld.has(lease.lease)) {
      this.#tellOwned(lease, { from: granted.from, to: until }, holder, effects);
    }
    const end = { kind: "end", holder, lease: lease.lease, to: lease.to } as const;
    if (!this.#unheld.has(lease.lease) && at < granted.to) effects.push(end);
  }

  #deliver(event: DeliverEvent, effects: DeskEffect[]): void {
    const { by, searcher, lease: number, now, from, to } = event;
    this.#lanes.of(by, now);
    const lease = this.#table.lease(number);
    if (lease === undefined || lease.kind === "repeat") return;
    const span = { from: Math.max(from, lease.granted.from), to: Math.min(to, lease.granted.to) };
    if (span.to <= span.from) return;
    const run = this.#lanes.run(number);
    if (run !== undefined) this.#start(run, run.lane, now);
    this.#part(lease, searcher, span, by, now, effects);
    if (!this.#unheld.has(number)) this.#tellOwned(lease, span, searcher, effects, by);
    if (this.#table.lease(number)?.isOver === true) this.#lanes.end(number, run?.size ?? 0, now);
  }

  /** Writes that a node has searched units which are still a lease's, or free. */
  #part(
    lease: Lease,
    searcher: Holder,
    span: Span,
    by: Holder,
    now: number,
    effects: DeskEffect[],
  ): void {
    const isOpen = ({ lease: holder }: { lease: number }): boolean =>
      holder === lease.lease || holder === FREE;
    const open = this.#table.open.within(span).filter(isOpen);
    const [first, last] = [open[0], open.at(-1)];
    if (first === undefined || last === undefined) return;
    const { node, lane } = searcher;
    const part = { from: first.from, to: last.to };
    const step: PartStep = { kind: "part", lease: lease.lease, node, lane, ...part };
    const won = this.#table.apply(step);
    const run = this.#lanes.run(lease.lease);
    if (run !== undefined) {
      run.lane.delivered += sizeOf(won);
      run.lane.fruitless = 0;
    }
    const answers = answersFor(lease, searcher, part, won, by);
    this.#append(step, lease.lease, answers, now, effects);
  }

  /** Answers a report that came before, or again: what is the searcher's by the log, and what is not. */
  #tellOwned(
    lease: Lease,
    span: Span,
    searcher: Holder,
    effects: DeskEffect[],
    by: Holder = searcher,
  ): void {
    const { first, repeated } = this.#table.owned(searcher.node);
    const own = overlap(lease.kind === "repeat" ? repeated : first, [span]);
    const open = this.#table.open.within(span);
    const closed = lease.kind === "repeat" ? own : without([span], open);
    const told = answersFor(lease, searcher, span, own, by);
    for (const answer of told) {
      for (const part of overlap([answer], closed)) effects.push({ ...answer, ...part });
    }
  }

  #orphan(event: OrphanEvent, effects: DeskEffect[]): void {
    const { holder, request, holds, lease: number, now, from, to } = event;
    const lane = this.#lanes.of(holder, now);
    if (request < lane.request) return;
    if (
      (lane.lanes === 1 && hasEnough(lane)) ||
      lane.runs.some((run) => !holds.includes(run.lease))
    ) {
      this.#ask(lane, { request, holds, now }, effects);
      return;
    }
    lane.request = request;
    const pieces = this.#table.open.within({ from, to }).filter(({ lease }) => lease === number);
    const [first] = pieces;
    const parent = this.#table.lease(number);
    if (first === undefined || parent === undefined || this.#table.isClosed) {
      this.#refuse(lane, now, effects);
      return;
    }
    const step: GrantStep = {
      kind: "pass",
      lease: this.#table.next,
      node: holder.node,
      lane: holder.lane,
      from: first.from,
      to: first.to,
    };
    this.#table.apply(step);
    const size = first.to - first.from;
    const aimMs = laneAimMs(lane, this.#scheduleMs);
    const { rate } = lane.pace;
    const expectedMs = rate === undefined ? undefined : size / rate;
    const begun = { at: first.from, startedAt: undefined, isResumed: false, waitedMs: 0 };
    this.#lanes.begin({
      lease: step.lease,
      lane,
      size,
      isFull: false,
      aimMs,
      expectedMs,
      ...begun,
      copies: undefined,
    });
    const lease = this.#table.lease(step.lease);
    if (lease === undefined) return;
    const answer = leaseEffect(lease, request, expectedMs ?? 0);
    this.#append(step, step.lease, [answer], now, effects, lane);
  }

  #found({ node, nonce, now }: FoundEvent, effects: DeskEffect[]): void {
    const { finds } = this.#table;
    // Where nearly every nonce is a find, there are more than a round records.
    if (finds.length >= MAX_ROUND_FINDS || finds.some((find) => find.nonce === nonce)) return;
    const step = { kind: "find", node, nonce } as const;
    this.#table.apply(step);
    this.#append(step, FREE, [step], now, effects);
  }

  #close(now: number, effects: DeskEffect[]): void {
    if (this.#table.isClosed) return;
    for (const run of [...this.#lanes.runs]) {
      this.#log(run, run.at, now, effects);
      const lease = this.#table.lease(run.lease);
      if (lease !== undefined && run.lane.lanes === 1) this.#cut(run, lease.at, now, effects);
    }
    const step = { kind: "close" } as const;
    this.#table.apply(step);
    this.#append(step, FREE, [], now, effects);
    for (const lane of this.#lanes.all) if (lane.isWaiting) this.#refuse(lane, now, effects);
  }

  #tick(now: number, effects: DeskEffect[]): void {
    const late = [...this.#lanes.runs].filter((run) => isLate(run, now));
    for (const { lane, lease } of late) {
      this.#rest(lane, lease, now);
      for (const run of [...lane.runs]) {
        this.#log(run, run.at, now, effects);
        const lease = this.#table.lease(run.lease);
        if (lease !== undefined) this.#cut(run, lease.at, now, effects);
      }
    }
    for (const lane of this.#lanes.all) {
      if (!lane.isWaiting || now - lane.heardAt > 2 * BEAT_MS) continue;
      if (!this.#serve(lane, now, effects) && this.#table.open.free > 0) continue;
      if (lane.isWaiting && this.#table.open.size === 0) break;
    }
  }

  /** Whoever takes leases and does not search must not keep units from others for ever. */
  #rest(lane: LaneRow, number: number, now: number): void {
    const lease = this.#table.lease(number);
    const run = this.#lanes.run(number);
    if (lease === undefined || run === undefined) return;
    if (Math.max(run.at, lease.at) > lease.granted.from) return;
    if (sizeOf(this.#table.heldBy(lease)) < run.size) return;
    lane.restsUntil = now + Math.min(MOST_REST_MS, REST_MS * 2 ** lane.fruitless);
    lane.fruitless++;
  }

  #append(
    step: LeaseStep,
    lease: number,
    answers: readonly DeskEffect[],
    now: number,
    effects: DeskEffect[],
    lane?: LaneRow,
  ): void {
    const id = ++this.#ids;
    this.#pending.set(id, { since: now, lease, effects: answers, answers: lane });
    this.#unheld.set(lease, (this.#unheld.get(lease) ?? 0) + 1);
    effects.push({ kind: "append", id, step });
  }

  #held(id: number, now: number, effects: DeskEffect[]): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    const { lease, since, answers: lane } = pending;
    this.#scheduleMs += NEWEST * (now - since - this.#scheduleMs);
    const left = (this.#unheld.get(lease) ?? 1) - 1;
    if (left === 0) this.#unheld.delete(lease);
    else this.#unheld.set(lease, left);
    effects.push(...pending.effects);
    const run = this.#lanes.run(lease);
    if (lane === undefined || run === undefined || lane.runs[0] !== run) return;
    run.startedAt = now + lane.rttMs / 2;
    run.waitedMs = lane.endedAt === undefined ? 0 : run.startedAt - lane.endedAt + lane.rttMs / 2;
  }

  #replay({ step, at }: PastStep, offset: number): void {
    const now = at + offset;
    switch (step.kind) {
      case "grant":
      case "race":
      case "repeat":
      case "pass": {
        const lane = this.#lanes.of({ node: step.node, lane: step.lane }, now);
        const size = step.to - step.from;
        const { rate } = lane.pace;
        this.#table.apply(step);
        this.#lanes.begin({
          lease: step.lease,
          lane,
          size,
          isFull: step.kind === "grant",
          aimMs: laneAimMs(lane, this.#scheduleMs),
          expectedMs: rate === undefined ? undefined : size / rate,
          at: step.from,
          startedAt: lane.runs.length === 0 ? now : undefined,
          isResumed: false,
          waitedMs: 0,
          copies: undefined,
        });
        return;
      }
      case "progress":
      case "part":
      case "cut": {
        const won = this.#table.apply(step);
        const lease = this.#table.lease(step.lease);
        const run = this.#lanes.run(step.lease);
        if (lease === undefined || run === undefined) return;
        if (step.kind === "part") {
          run.lane.delivered += sizeOf(won);
          // Units that others search for its holder: that is a sub-manager. How many lanes it has, its next ask says.
          if (step.node !== lease.node) run.lane.lanes = Math.max(2, run.lane.lanes);
        }
        run.at = Math.max(run.at, lease.at);
        if (!lease.isOver) return;
        const units = step.kind === "part" ? run.size : lease.at - lease.granted.from;
        this.#lanes.end(step.lease, units, now);
        return;
      }
      case "find":
      case "takeover":
      case "close":
        this.#table.apply(step);
        return;
      default:
        step satisfies never;
    }
  }
}

/** A lane, or a sub-manager, that has more than it could ever search must not take the rest from the others. */
function hasEnough({ lanes, runs, pace }: LaneRow): boolean {
  if (lanes === 1) return runs.length >= MOST_RUNS;
  if (pace.rate !== undefined) return runs.length >= MOST_SUB_RUNS;
  const held = runs.reduce((sum, { size }) => sum + size, 0);
  return held >= MOST_RUNS * FIRST_UNITS * lanes;
}

function isHolder(lease: Lease, { node, lane }: Holder): boolean {
  return lease.node === node && lease.lane === lane;
}

function leaseEffect(lease: Lease, request: number, expectedMs: number): LeaseEffect {
  const { node, lane, at: from, to } = lease;
  return {
    kind: "lease",
    holder: { node, lane },
    request,
    lease: lease.lease,
    from,
    to,
    expectedMs,
  };
}

/** Of a reported span, what counts and what does not. */
function answersFor(
  { lease }: Lease,
  { node, lane }: Holder,
  span: Span,
  counted: Spans,
  by: Holder = { node, lane },
): AckEffect[] {
  const common = { by: { node: by.node, lane: by.lane }, holder: { node, lane }, lease };
  const won = counted.map(({ from, to }) => ({ kind: "ack", from, to, ...common }) as const);
  const lost = without([span], won).map(
    ({ from, to }) => ({ kind: "stale", from, to, ...common }) as const,
  );
  return [...won, ...lost];
}
