/**
 * One worker lane of a search: asks for the next lease before it needs it, says every two seconds how far it is, and
 * keeps what it has searched until the log has it. It outlives its parent: leases stay valid, and results go to the next
 * manager or to the one above.
 */
import { advance, endHeld, type Held, HeldLeases, report } from "./held-leases.ts";
import type { LaneCloseEvent, LaneEffect, LaneEvent, LaneLeaseEvent } from "./lane-messages.ts";
import { BEAT_MS, LAST_PATIENCE_MS, MANAGER_MISSES, PATIENCE_MS } from "./timing.ts";

/** An ask or report that stays unanswered is sent again after so long. */
const AGAIN_MS = BEAT_MS;
/** Share by which a lane asks earlier than it must. */
const EARLY = 2;
const FIRST_ASK_MS = 200;
const NEWEST = 0.3;

export class Lane {
  readonly #held = new HeldLeases();
  #request: number;
  #askedAt: number | undefined;
  #askSince = 0;
  #waitUntil = 0;
  /** How long an answer takes. */
  #askMs = FIRST_ASK_MS;
  /** Units a millisecond. */
  #rate: number | undefined;
  #searching: { readonly task: number; readonly since: number; readonly from: number } | undefined;
  #beatAt = Number.NEGATIVE_INFINITY;
  #heardAt: number | undefined;
  #soughtAt: number | undefined;
  #idleSince: number | undefined;
  #isClosed = false;
  #closedAt: number | undefined;

  /** @param options.firstRequest higher than any that this lane made before a restart */
  constructor({ firstRequest }: { readonly firstRequest: number } = { firstRequest: 0 }) {
    this.#request = firstRequest;
  }

  /** Everything that was searched is answered for, and nothing more will be. */
  get isDone(): boolean {
    return this.#isClosed && this.#held.size === 0;
  }

  /** When a tick is needed next, in milliseconds of the driver's clock. Ticks before change nothing. */
  wakeAt(now: number): number {
    const beatAt = this.#beatAt + BEAT_MS;
    if (this.#isClosed) return beatAt;
    const askAt = this.#askedAt === undefined ? this.#askDue(now) : this.#askedAt + AGAIN_MS;
    return Math.min(beatAt, Math.max(this.#waitUntil, askAt));
  }

  step(event: LaneEvent): readonly LaneEffect[] {
    const effects: LaneEffect[] = [];
    const { now, kind } = event;
    this.#heardAt ??= now;
    if (kind !== "tick" && kind !== "searched" && kind !== "stopped") this.#heardAt = now;
    switch (kind) {
      case "lease":
        this.#take(event, effects);
        break;
      case "wait":
        if (event.request !== this.#request) break;
        this.#askedAt = undefined;
        this.#waitUntil = now + event.ms;
        this.#held.refuseOrphans();
        break;
      case "ack":
      case "stale":
        this.#held.answered(event, effects);
        break;
      case "end": {
        const held = this.#held.byLease(event.lease);
        // Of a closed round the worker ends by itself, and what it still tells counts.
        if (this.#isClosed || held === undefined || held.isOver || event.to >= held.to) break;
        held.to = Math.max(event.to, held.at);
        effects.push({ kind: "stop", lease: held.task, to: held.to });
        if (held.at >= held.to) this.#finish(held, now, effects);
        break;
      }
      case "searched":
        this.#searched(event.lease, event.at, now, effects);
        break;
      case "manager":
        this.#moved(event.isAbove, now, effects);
        break;
      case "heard":
        break;
      case "stopped":
        this.#stopped(event.lease, effects);
        break;
      case "close":
        this.#close(event, effects);
        break;
      case "tick":
        break;
      default:
        return kind satisfies never;
    }
    this.#beat(now, effects);
    this.#ask(now, effects);
    this.#seek(now, effects);
    return effects;
  }

  #take({ request, lease, from, to, parents, now }: LaneLeaseEvent, effects: LaneEffect[]): void {
    if (request !== this.#request || this.#isClosed) return;
    if (this.#held.byLease(lease) !== undefined) return;
    this.#askMs += NEWEST * (now - this.#askSince - this.#askMs);
    this.#askedAt = undefined;
    this.#waitUntil = 0;
    this.#request++;
    const orphan = this.#held.orphanAt(from);
    if (orphan === undefined) {
      this.#held.add({ lease, from, to }, parents);
      this.#next(now, effects);
      return;
    }
    const { task, to: end } = orphan;
    this.#held.adopt(orphan, { lease, from, to }, parents, now);
    if (to < end) effects.push({ kind: "stop", lease: task, to });
  }

  #next(now: number, effects: LaneEffect[]): void {
    if (this.#searching !== undefined) return;
    const next = this.#held.current;
    if (next === undefined) return;
    const { task, at: from, to } = next;
    this.#searching = { task, since: now, from };
    effects.push({ kind: "search", lease: task, from, to });
  }

  #searched(task: number, at: number, now: number, effects: LaneEffect[]): void {
    const held = this.#held.byTask(task);
    if (held === undefined || at <= held.at) return;
    advance(held, at);
    const searching = this.#searching;
    if (searching?.task === task && now > searching.since) {
      this.#rate = (at - searching.from) / (now - searching.since);
    }
    if (at >= held.to && !this.#isClosed) this.#finish(held, now, effects);
  }

  /** After the close: what the worker had done by then has come, and is reported. */
  #stopped(task: number, effects: LaneEffect[]): void {
    const held = this.#held.byTask(task);
    if (held === undefined || !this.#isClosed) return;
    held.isOver = true;
    this.#searching = undefined;
    if (held.open.length > 0) report(held, effects);
    this.#held.drop();
  }

  #finish(held: Held, now: number, effects: LaneEffect[]): void {
    endHeld(held, now);
    if (this.#searching?.task === held.task) this.#searching = undefined;
    report(held, effects);
    this.#held.drop();
    this.#next(now, effects);
  }

  #moved(isAbove: boolean, now: number, effects: LaneEffect[]): void {
    this.#soughtAt = undefined;
    this.#askedAt = undefined;
    this.#waitUntil = 0;
    this.#beatAt = now;
    this.#idleSince = undefined;
    if (isAbove) {
      const lost = this.#held.orphan(this.#searching?.task, now);
      if (lost !== undefined) {
        this.#searching = undefined;
        effects.push({ kind: "stop", lease: lost.task, to: lost.at });
      }
    }
    for (const held of this.#held.all) report(held, effects);
  }

  /**
   * Asks the manager above for the rest of what this lane had from a parent that is gone.
   * @returns whether there is anything to ask for
   */
  #askRest(orphan: Held, now: number, effects: LaneEffect[]): boolean {
    const name = orphan.names.find(({ to }) => orphan.at < to);
    if (orphan.isRefused || name === undefined) return false;
    const { lease } = name;
    const span = { from: Math.max(name.from, orphan.at), to: Math.min(name.to, orphan.to) };
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    const holds = this.#held.ofParent;
    effects.push({ kind: "orphan", request: this.#request, holds, lease, ...span });
    return true;
  }

  /** What the worker has done and not told yet is waited for; leases that it has not begun are over. */
  #close({ now, last }: LaneCloseEvent, effects: LaneEffect[]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closedAt = now;
    for (const held of this.#held.all) {
      if (held.isOver) continue;
      const isUnderWay = this.#searching?.task === held.task;
      const isLast = last !== undefined && held.at <= last && last < held.to;
      held.to = isUnderWay && isLast ? last + 1 : held.at;
      held.isOver = !isUnderWay;
      effects.push({ kind: "stop", lease: held.task, to: held.to });
      if (held.open.length > 0) report(held, effects);
    }
    this.#beatAt = now;
    this.#held.drop();
  }

  #beat(now: number, effects: LaneEffect[]): void {
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    for (const held of this.#held.all) report(held, effects);
  }

  #ask(now: number, effects: LaneEffect[]): void {
    if (this.#isClosed || now < this.#waitUntil) return;
    if (this.#askedAt !== undefined && now - this.#askedAt < AGAIN_MS) return;
    const { current } = this.#held;
    const isOrphan = current?.isOrphan === true && !this.#held.hasNext;
    if (isOrphan && this.#askRest(current, now, effects)) return;
    if (this.#askDue(now) > now) return;
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    effects.push({ kind: "ask", request: this.#request, holds: this.#held.ofParent });
  }

  /** When the next lease must be asked for, so that it is here when this one ends. */
  #askDue(now: number): number {
    const { current } = this.#held;
    if (current === undefined) return now;
    if (this.#rate === undefined || this.#held.hasNext) return Number.POSITIVE_INFINITY;
    const leftMs = (current.to - this.#unitNow(current, now)) / this.#rate;
    return now + leftMs - EARLY * this.#askMs;
  }

  /** Where the worker should be by now: it reports whole units alone. */
  #unitNow({ at, to, task }: Held, now: number): number {
    const searching = this.#searching;
    if (searching?.task !== task || this.#rate === undefined) return at;
    return Math.min(to, Math.max(at, searching.from + (now - searching.since) * this.#rate));
  }

  #seek(now: number, effects: LaneEffect[]): void {
    const isSilent = now - (this.#heardAt ?? now) >= MANAGER_MISSES * BEAT_MS;
    const patienceMs = this.#closedAt === undefined ? PATIENCE_MS : LAST_PATIENCE_MS;
    if (!isSilent && now - this.#waitingSince(now) < patienceMs) return;
    if (this.#held.size === 0 && this.#askedAt === undefined && isSilent) return;
    const pauseMs = isSilent ? BEAT_MS : patienceMs;
    if (now - (this.#soughtAt ?? Number.NEGATIVE_INFINITY) < pauseMs) return;
    this.#soughtAt = now;
    effects.push({ kind: "seek" });
  }

  /** Since when the parent, though it answers, gives nothing to search, or acknowledges nothing that was searched. */
  #waitingSince(now: number): number {
    const unanswered = this.#held.unansweredSince ?? now;
    if (this.#closedAt !== undefined) return Math.max(this.#closedAt, unanswered);
    if (this.#held.current !== undefined) this.#idleSince = undefined;
    else this.#idleSince ??= now;
    return Math.min(this.#idleSince ?? now, unanswered);
  }
}
