/** Who gets a lease: a desk answers asks, or has lanes wait and says why. */
import { choose } from "./choose.ts";
import { Copies } from "./copies.ts";
import { type LaneRow, laneAimMs, newRun, type RunFacts } from "./desk-lanes.ts";
import type {
  AskEvent,
  DeskEffect,
  LeaseEffect,
  OrphanEvent,
  WaitReason,
} from "./desk-messages.ts";
import type { DeskParts } from "./desk-reports.ts";
import type { Lease } from "./lease-table.ts";
import { FIRST_UNITS, tooFar } from "./pace.ts";
import { type Span, sizeOf } from "./span.ts";
import type { GrantStep } from "./step.ts";
import { BEAT_MS } from "./timing.ts";

/** Leases that a lane works on or has ready; it asks for the next one while it searches. */
const MOST_RUNS = 2;
/** The same of a sub-manager; before it has delivered anything it gets the first leases of two for each lane. */
const MOST_SUB_RUNS = 16;
/** A lane that lost a lease without having searched anything rests, twice as long each time. */
const REST_MS = 15_000;
const MOST_REST_MS = 3_600_000;
const SILENT_WAIT_MS = 60_000;

type AskFacts = Pick<AskEvent, "request" | "holds" | "now">;

export interface GrantRules {
  /** Units to be searched a second time by another node, of each 100; 0 to 100. */
  readonly redundancy: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export class DeskGrants {
  readonly #parts: DeskParts;
  readonly #rules: GrantRules;
  readonly #copies: Copies;
  /** Nobody gets a lease. */
  isPaused = false;

  constructor(parts: DeskParts, rules: GrantRules) {
    this.#parts = parts;
    this.#rules = rules;
    this.#copies = new Copies(parts.table, parts.lanes);
  }

  ask(lane: LaneRow, { request, holds, now }: AskFacts, effects: DeskEffect[]): void {
    if (request < lane.request) return;
    lane.request = request;
    const { table, steps } = this.#parts;
    if (table.isTurned) {
      this.refuse(lane, now, effects);
      return;
    }
    // Given before, by this manager or the one before it, and never arrived.
    const lost = lane.runs.find(({ lease }) => !holds.includes(lease));
    const lease = lost && table.lease(lost.lease);
    if (lost !== undefined && lease !== undefined) {
      if (steps.has(lost.lease)) return;
      lane.isWaiting = false;
      effects.push(leaseEffect(lease, request, lost.expectedMs ?? 0));
      return;
    }
    if (!this.#serve(lane, now, effects)) this.refuse(lane, now, effects);
  }

  /** A child whose parent is gone gets the rest of what it searches as a lease of its own. */
  orphan(event: OrphanEvent, effects: DeskEffect[]): void {
    const { table, lanes } = this.#parts;
    const { holder, request, holds, lease: number, now, from, to } = event;
    const lane = lanes.of(holder, now);
    if (request < lane.request) return;
    if (
      (lane.lanes === 1 && hasEnough(lane)) ||
      lane.runs.some((run) => !holds.includes(run.lease))
    ) {
      this.ask(lane, { request, holds, now }, effects);
      return;
    }
    lane.request = request;
    const first = table.open.within({ from, to }).find(({ lease }) => lease === number);
    const isOver = table.isClosed || this.isPaused;
    if (first === undefined || table.lease(number) === undefined || isOver) {
      this.refuse(lane, now, effects);
      return;
    }
    const span = { from: first.from, to: first.to };
    const aimMs = laneAimMs(lane, this.#parts.steps.scheduleMs);
    this.#grant(lane, { kind: "pass", ...span, isFull: false, aimMs }, now, effects);
  }

  /** Serves those that wait, as far as there is something for them. */
  serveWaiting(now: number, effects: DeskEffect[]): void {
    const { open } = this.#parts.table;
    const waiting = [...this.#parts.lanes.all].filter(
      ({ isWaiting, heardAt }) => isWaiting && now - heardAt <= 2 * BEAT_MS,
    );
    const lostBy = new Set([...open.freePieces()].map((piece) => piece.lostBy));
    const rank = ({ holder }: LaneRow): number => (lostBy.has(holder.node) ? 1 : 0);
    // Where little is left, the fastest should have it; those that lost units of late come last.
    waiting.sort((a, b) => rank(a) - rank(b) || (b.pace.rate ?? 0) - (a.pace.rate ?? 0));
    for (const lane of waiting) {
      if (!this.#serve(lane, now, effects) && open.free > 0) continue;
      if (lane.isWaiting && open.size === 0) break;
    }
  }

  refuse(lane: LaneRow, now: number, effects: DeskEffect[]): void {
    const { holder, request } = lane;
    const far = tooFar(lane.pace);
    let reason: WaitReason = { code: "NOTHING_FREE" };
    let ms = BEAT_MS;
    lane.isWaiting = true;
    if (this.#parts.table.isClosed) {
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

  /** A lane that takes leases and does not search must not keep units from others for ever. */
  rest(lane: LaneRow, number: number, now: number): void {
    const { table, lanes } = this.#parts;
    const lease = table.lease(number);
    const run = lanes.run(number);
    if (lease === undefined || run === undefined) return;
    if (Math.max(run.at, lease.at) > lease.granted.from) return;
    if (sizeOf(table.heldBy(lease)) < run.size) return;
    lane.restsUntil = now + Math.min(MOST_REST_MS, REST_MS * 2 ** lane.fruitless);
    lane.fruitless++;
  }

  #serve(lane: LaneRow, now: number, effects: DeskEffect[]): boolean {
    const { table, lanes, steps } = this.#parts;
    if (table.isClosed || this.isPaused || now < lane.restsUntil) return false;
    if (hasEnough(lane)) return false;
    if (tooFar(lane.pace) !== undefined) return false;
    const { scheduleMs } = steps;
    const choice = choose(lane, now, {
      table,
      lanes,
      scheduleMs,
      copies: this.#copies,
      ...this.#rules,
    });
    if (choice === undefined) return false;
    this.#grant(lane, choice, now, effects);
    return true;
  }

  #grant(lane: LaneRow, choice: Granted, now: number, effects: DeskEffect[]): void {
    const { table, lanes, steps } = this.#parts;
    const { kind, from, to, isFull, aimMs, copies } = choice;
    const { node, lane: number } = lane.holder;
    const step: GrantStep = { kind, lease: table.next, node, lane: number, from, to };
    table.apply(step);
    const run = newRun(lane, step, { isFull, aimMs, copies });
    lanes.begin(run);
    lane.isWaiting = false;
    const expectedMs = run.expectedMs ?? 0;
    const { holder, request } = lane;
    const { lease } = step;
    const answer: LeaseEffect = { kind: "lease", holder, request, lease, from, to, expectedMs };
    steps.append(step, { lease, answers: [answer], lane }, now, effects);
  }
}

/** A lane, or a sub-manager, that has more than it could ever search must not take the rest from the others. */
function hasEnough({ lanes, runs, pace }: LaneRow): boolean {
  if (lanes === 1) return runs.length >= MOST_RUNS;
  if (pace.rate !== undefined) return runs.length >= MOST_SUB_RUNS;
  const held = runs.reduce((sum, { size }) => sum + size, 0);
  return held >= MOST_RUNS * FIRST_UNITS * lanes;
}

interface Granted extends Span, RunFacts {
  readonly kind: GrantStep["kind"];
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
