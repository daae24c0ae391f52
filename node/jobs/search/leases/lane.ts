/**
 * One worker lane of a search: asks for the next lease before it needs it, says every two seconds how far it is, and
 * keeps what it has searched until the log has it. It outlives its parent: leases stay valid, and results go to the next
 * manager or to the one above.
 */
import type {
  LaneAckEvent,
  LaneCloseEvent,
  LaneEffect,
  LaneEvent,
  LaneLeaseEvent,
  ParentLease,
} from "./lane-messages.ts";
import { overlap, type Span, type Spans, without } from "./span.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

/** Units this lane has or had, until all that it searched is settled. */
interface Held extends Span {
  readonly lease: number;
  /** As the worker knows them. */
  readonly task: number;
  readonly parents: readonly ParentLease[];
  /** One past the last unit to search. */
  to: number;
  at: number;
  isOver: boolean;
  /** Searched units that no manager has answered for. */
  open: Spans;
  /** The parent they came from is gone: they are told to the manager above as parts of its lease. */
  isOrphan: boolean;
  /** The manager above was asked for the rest of an orphan, and has given it to others. */
  isRefused: boolean;
}

/** An ask or report that stays unanswered is sent again after so long. */
const AGAIN_MS = BEAT_MS;
/** Share by which a lane asks earlier than it must. */
const EARLY = 2;
const FIRST_ASK_MS = 200;
const NEWEST = 0.3;

export class Lane {
  #held: Held[] = [];
  #request: number;
  #tasks = 0;
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
  #isClosed = false;

  /** @param options.firstRequest higher than any that this lane made before a restart */
  constructor({ firstRequest }: { readonly firstRequest: number } = { firstRequest: 0 }) {
    this.#request = firstRequest;
  }

  /** Everything that was searched is answered for, and nothing more will be. */
  get isDone(): boolean {
    return this.#isClosed && this.#held.length === 0;
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
        for (const held of this.#held) held.isRefused ||= held.isOrphan;
        break;
      case "ack":
      case "stale":
        this.#answered(event, effects);
        break;
      case "end": {
        const held = this.#held.find((one) => !one.isOrphan && one.lease === event.lease);
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
    if (this.#held.some((held) => !held.isOrphan && held.lease === lease)) return;
    this.#askMs += NEWEST * (now - this.#askSince - this.#askMs);
    this.#askedAt = undefined;
    this.#waitUntil = 0;
    this.#request++;
    const adopted = this.#held.find(
      (held) => held.isOrphan && !held.isOver && held.at <= from && from < held.to,
    );
    if (adopted !== undefined) {
      this.#adopt(adopted, { lease, from, to }, effects);
      return;
    }
    this.#held.push({
      lease,
      task: ++this.#tasks,
      parents,
      from,
      to,
      at: from,
      isOver: false,
      open: [],
      isOrphan: false,
      isRefused: false,
    });
    this.#next(now, effects);
  }

  /** The rest of an orphaned lease is now one of this lane's own: the worker goes on as it was. */
  #adopt(orphan: Held, { lease, from, to }: ParentLease, effects: LaneEffect[]): void {
    const { task, at, open } = orphan;
    const passed = { from, to: Math.max(from, to) };
    const moved = overlap(open, [passed]);
    orphan.open = without(open, [passed]);
    if (to < orphan.to) effects.push({ kind: "stop", lease: task, to });
    this.#held = this.#held.map((held) =>
      held === orphan ? { ...orphan, open: orphan.open, isOver: true } : held,
    );
    this.#held.push({
      lease,
      task,
      parents: [],
      from,
      to,
      at: Math.max(at, from),
      isOver: at >= to,
      open: moved,
      isOrphan: false,
      isRefused: false,
    });
    this.#drop();
  }

  #next(now: number, effects: LaneEffect[]): void {
    if (this.#searching !== undefined) return;
    const next = this.#held.find(({ isOver }) => !isOver);
    if (next === undefined) return;
    const { task, at: from, to } = next;
    this.#searching = { task, since: now, from };
    effects.push({ kind: "search", lease: task, from, to });
  }

  #searched(task: number, at: number, now: number, effects: LaneEffect[]): void {
    const held = this.#held.findLast((one) => one.task === task && !one.isOver);
    if (held === undefined || at <= held.at) return;
    held.open = [...held.open, { from: held.at, to: at }];
    held.at = at;
    const searching = this.#searching;
    if (searching?.task === task && now > searching.since) {
      this.#rate = (at - searching.from) / (now - searching.since);
    }
    if (at >= held.to && !this.#isClosed) this.#finish(held, now, effects);
  }

  /** After the close: what the worker had done by then has come, and is reported. */
  #stopped(task: number, effects: LaneEffect[]): void {
    const held = this.#held.findLast((one) => one.task === task && !one.isOver);
    if (held === undefined || !this.#isClosed) return;
    held.isOver = true;
    this.#searching = undefined;
    if (held.open.length > 0) this.#report(held, effects);
    this.#drop();
  }

  #finish(held: Held, now: number, effects: LaneEffect[]): void {
    held.isOver = true;
    if (this.#searching?.task === held.task) this.#searching = undefined;
    this.#report(held, effects);
    this.#drop();
    this.#next(now, effects);
  }

  #report(held: Held, effects: LaneEffect[]): void {
    if (!held.isOrphan) {
      effects.push({ kind: "beat", lease: held.lease, at: held.at });
      return;
    }
    for (const { lease, from, to } of held.parents) {
      for (const span of overlap(held.open, [{ from, to }])) {
        effects.push({ kind: "deliver", lease, ...span });
      }
    }
  }

  #answered({ kind, lease, from, to }: LaneAckEvent, effects: LaneEffect[]): void {
    for (const held of this.#held) {
      const names = held.isOrphan ? held.parents.map((parent) => parent.lease) : [held.lease];
      if (!names.includes(lease)) continue;
      const answered = overlap(held.open, [{ from, to }]);
      held.open = without(held.open, answered);
      if (kind === "stale") continue;
      for (const span of answered) effects.push({ kind: "claim", lease: held.lease, ...span });
    }
    this.#drop();
  }

  /** Leases that are over and settled are forgotten. */
  #drop(): void {
    this.#held = this.#held.filter(({ isOver, open }) => !isOver || open.length > 0);
  }

  #moved(isAbove: boolean, now: number, effects: LaneEffect[]): void {
    this.#soughtAt = undefined;
    this.#askedAt = undefined;
    this.#waitUntil = 0;
    this.#beatAt = now;
    if (isAbove) {
      for (const held of this.#held) held.isOrphan ||= held.parents.length > 0;
      // What was not begun is given back by being forgotten.
      const task = this.#searching?.task;
      this.#held = this.#held.filter(
        (held) => !held.isOrphan || held.task === task || held.open.length > 0,
      );
    }
    for (const held of this.#held) this.#report(held, effects);
  }

  /** Asks the manager above for the rest of what this lane had from a parent that is gone. */
  #askRest(orphan: Held, now: number, effects: LaneEffect[]): void {
    const parent = orphan.parents.find(({ to }) => orphan.at < to);
    if (orphan.isRefused || parent === undefined) return;
    const span = { from: Math.max(parent.from, orphan.at), to: Math.min(parent.to, orphan.to) };
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    effects.push({ kind: "orphan", request: this.#request, lease: parent.lease, ...span });
  }

  /** What the worker has done and not told yet is waited for; leases that it has not begun are over. */
  #close({ now, last }: LaneCloseEvent, effects: LaneEffect[]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const held of this.#held) {
      if (held.isOver) continue;
      const isUnderWay = this.#searching?.task === held.task;
      const isLast = last !== undefined && held.at <= last && last < held.to;
      held.to = isUnderWay && isLast ? last + 1 : held.at;
      held.isOver = !isUnderWay;
      effects.push({ kind: "stop", lease: held.task, to: held.to });
      if (held.open.length > 0) this.#report(held, effects);
    }
    this.#beatAt = now;
    this.#drop();
  }

  #beat(now: number, effects: LaneEffect[]): void {
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    for (const held of this.#held) this.#report(held, effects);
  }

  #ask(now: number, effects: LaneEffect[]): void {
    if (this.#isClosed || now < this.#waitUntil) return;
    if (this.#askedAt !== undefined && now - this.#askedAt < AGAIN_MS) return;
    const open = this.#held.filter(({ isOver }) => !isOver);
    const [current] = open;
    if (current?.isOrphan === true && open.length === 1) {
      this.#askRest(current, now, effects);
      return;
    }
    if (this.#askDue(now) > now) return;
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    const holds = this.#held.filter(({ isOrphan }) => !isOrphan).map(({ lease }) => lease);
    effects.push({ kind: "ask", request: this.#request, holds });
  }

  /** When the next lease must be asked for, so that it is here when this one ends. */
  #askDue(now: number): number {
    const open = this.#held.filter(({ isOver }) => !isOver);
    const [current] = open;
    if (current === undefined) return now;
    if (open.length > 1 || this.#rate === undefined) return Number.POSITIVE_INFINITY;
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
    if (now - (this.#heardAt ?? now) < MANAGER_MISSES * BEAT_MS) return;
    if (now - (this.#soughtAt ?? Number.NEGATIVE_INFINITY) < BEAT_MS) return;
    if (this.#held.length === 0 && this.#askedAt === undefined) return;
    this.#soughtAt = now;
    effects.push({ kind: "seek" });
  }
}
