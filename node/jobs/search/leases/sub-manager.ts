/**
 * A sub-manager of the tree: holds leases from the manager above and gives parts of them to its children. It keeps no
 * log of its own. A child's units are settled when the log above has them, so a sub-manager that dies costs nothing but
 * time: its children deliver to the manager above, and what they had not begun falls due like any lease. It is itself a
 * child, and turns to the manager above its parent when that one is gone.
 */
import { type ChildAnswer, Deliveries } from "./deliveries.ts";
import { LeaseDesk } from "./desk.ts";
import type { AckEffect, DeskEffect, DeskEvent } from "./desk-messages.ts";
import { overlap, type Span, spansOf, without } from "./span.ts";
import type { Holder } from "./step.ts";
import { type SubLease, SubLeases } from "./sub-leases.ts";
import type {
  ChildEvent,
  SubAckEvent,
  SubEffect,
  SubEvent,
  SubLeaseEvent,
} from "./sub-messages.ts";
import { BEAT_MS, MANAGER_MISSES, PATIENCE_MS } from "./timing.ts";

/** Milliseconds of work that are to be here beyond what asking takes. */
const STOCK_MS = 2_000;
const FIRST_ASK_MS = 500;
const NEWEST = 0.3;
/** Lanes as the manager above counts them: with one alone this would be a lane. */
const LEAST_LANES = 2;

export class SubManager {
  readonly #desk: LeaseDesk;
  readonly #leases = new SubLeases();
  readonly #deliveries = new Deliveries();
  /** By child: lanes under it. */
  readonly #children = new Map<string, number>();
  #request = 0;
  /** The rest of which lease was asked for. */
  #asked: SubLease | undefined;
  #askedAt: number | undefined;
  #askSince = 0;
  #askMs = FIRST_ASK_MS;
  #waitUntil = 0;
  #beatAt = Number.NEGATIVE_INFINITY;
  #heardAt: number | undefined;
  #lostPatienceAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor({ random }: { readonly random: () => number }) {
    this.#desk = new LeaseDesk({ open: [], redundancy: 0, random });
  }

  /** What it gave to its children. */
  get table(): LeaseDesk["table"] {
    return this.#desk.table;
  }

  step(event: SubEvent): readonly SubEffect[] {
    const effects: SubEffect[] = [];
    const { kind, now } = event;
    this.#heardAt ??= now;
    if (kind !== "tick" && kind !== "child") this.#heardAt = now;
    switch (kind) {
      case "child":
        this.#count(event);
        this.#tell(event.event, effects);
        break;
      case "lease":
        this.#take(event, effects);
        break;
      case "wait":
        if (event.request !== this.#request) break;
        this.#askedAt = undefined;
        this.#waitUntil = now + event.ms;
        if (this.#asked !== undefined) this.#refused(this.#asked);
        break;
      case "ack":
      case "stale":
        this.#settle(event, effects);
        break;
      case "end":
        for (const { lease, to, isOrphan } of this.#leases.all) {
          if (isOrphan || lease !== event.lease || event.to >= to) continue;
          this.#desk.withdraw({ from: event.to, to });
        }
        break;
      case "manager":
        this.#askedAt = undefined;
        this.#waitUntil = 0;
        this.#beatAt = Number.NEGATIVE_INFINITY;
        if (event.isAbove) this.#moveUp(now);
        break;
      case "close":
        this.#isClosed = true;
        this.#beatAt = Number.NEGATIVE_INFINITY;
        this.#tell({ kind: "close", now }, effects);
        break;
      case "heard":
      case "tick":
        break;
      default:
        kind satisfies never;
    }
    this.#tell({ kind: "tick", now }, effects);
    this.#beat(now, effects);
    this.#ask(now, effects);
    return effects;
  }

  #count({ event }: ChildEvent): void {
    const { node, lane } = "by" in event ? event.by : event.holder;
    const lanes = event.kind === "ask" ? event.lanes : undefined;
    const key = `${node}/${lane}`;
    this.#children.set(key, lanes ?? this.#children.get(key) ?? 1);
  }

  #take({ request, lease, from, to, parents, now }: SubLeaseEvent, effects: SubEffect[]): void {
    if (request !== this.#request || this.#isClosed) return;
    if (this.#leases.has(lease)) return;
    this.#askMs += NEWEST * (now - this.#askSince - this.#askMs);
    this.#askedAt = undefined;
    this.#asked = undefined;
    this.#waitUntil = 0;
    this.#request++;
    this.#leases.add({ lease, from, to }, parents);
    const known = this.#desk.table.open.within({ from, to });
    for (const span of without([{ from, to }], known)) this.#desk.add(span);
    this.#tell({ kind: "tick", now }, effects);
  }

  /** What its children have not begun of a lease is another's now. */
  #refused(lease: SubLease): void {
    this.#asked = undefined;
    this.#leases.refuse(lease);
    this.#desk.withdraw(lease);
  }

  #moveUp(now: number): void {
    this.#asked = undefined;
    for (const span of this.#leases.moveUp()) this.#desk.withdraw(span);
    this.#deliveries.restart(now);
  }

  /** Has the desk do something: grants hold at once, results when the log above has them. */
  #tell(event: DeskEvent, effects: SubEffect[]): void {
    const todo: DeskEffect[] = [...this.#desk.step(event)];
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      switch (effect.kind) {
        case "append": {
          const { id } = effect;
          todo.push(...this.#desk.step({ kind: "held", now: event.now, id }));
          break;
        }
        case "ack":
          this.#deliver(effect, event.now, effects);
          break;
        case "lease": {
          const parents = this.#leases.ancestryOf(effect);
          const parts = this.#leases.parts(effect);
          effects.push({ kind: "to-child", effect, parents, parts });
          break;
        }
        case "stale":
        case "wait":
        case "end":
          effects.push({ kind: "to-child", effect, parents: [], parts: [] });
          break;
        case "covered":
        case "find":
          break;
        default:
          effect satisfies never;
      }
    }
  }

  /** The desk counts units as a child's: they go up, unless they were answered for before. */
  #deliver(effect: AckEffect, now: number, effects: SubEffect[]): void {
    const { answers, news } = this.#deliveries.add(effect, now);
    this.#answer(answers, effects);
    for (const span of news) this.#sendUp(effect.holder, span, effects);
  }

  #sendUp(searcher: Holder, span: Span, effects: SubEffect[]): void {
    for (const named of this.#leases.named(span)) {
      effects.push({ kind: "deliver", searcher, ...named });
    }
  }

  #answer(answers: readonly ChildAnswer[], effects: SubEffect[]): void {
    for (const effect of answers)
      effects.push({ kind: "to-child", effect, parents: [], parts: [] });
  }

  #settle(event: SubAckEvent, effects: SubEffect[]): void {
    this.#answer(this.#deliveries.settle(event), effects);
    const { open } = this.#desk.table;
    const onTheWay = this.#deliveries.all;
    this.#leases.keep(
      (held) =>
        open.within(held).length > 0 || onTheWay.some((one) => overlap([one], [held]).length > 0),
    );
  }

  #beat(now: number, effects: SubEffect[]): void {
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    for (const { lease, from, isOrphan } of this.#leases.all) {
      if (!isOrphan) effects.push({ kind: "beat", lease, at: from });
    }
    for (const { searcher, from, to } of this.#deliveries.all) {
      this.#sendUp(searcher, { from, to }, effects);
    }
    if (this.#isParentGone(now)) effects.push({ kind: "seek" });
  }

  #isParentGone(now: number): boolean {
    if (now - (this.#heardAt ?? now) >= MANAGER_MISSES * BEAT_MS) return true;
    if (this.#isClosed || now - this.#lostPatienceAt < PATIENCE_MS) return false;
    const asked = this.#askedAt === undefined ? [] : [this.#askSince];
    const oldest = Math.min(...asked, this.#deliveries.oldest);
    if (now - oldest < PATIENCE_MS) return false;
    this.#lostPatienceAt = now;
    return true;
  }

  #ask(now: number, effects: SubEffect[]): void {
    if (this.#isClosed || now < this.#waitUntil || this.#children.size === 0) return;
    if (this.#askedAt !== undefined && now - this.#askedAt < BEAT_MS) return;
    const holds = this.#leases.ofParent;
    const orphan = this.#orphan();
    if (orphan !== undefined) {
      this.#begin(now, orphan.lease);
      const { lease } = orphan.lease;
      effects.push({ kind: "orphan", request: this.#request, holds, lease, ...orphan.span });
      return;
    }
    const stock = this.#desk.totalRate(now) * (2 * this.#askMs + STOCK_MS);
    if (this.#desk.table.open.free > stock) return;
    this.#begin(now, undefined);
    const lanes = [...this.#children.values()].reduce((sum, count) => sum + count, 0);
    const request = this.#request;
    effects.push({ kind: "ask", request, holds, lanes: Math.max(LEAST_LANES, lanes) });
  }

  #begin(now: number, asked: SubLease | undefined): void {
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    this.#asked = asked;
  }

  /** What is left to search of a lease whose giver is gone. */
  #orphan(): { readonly lease: SubLease; readonly span: Span } | undefined {
    for (const lease of this.#leases.all) {
      if (!lease.isOrphan || lease.isRefused || lease.level === undefined) continue;
      const [first] = spansOf(this.#desk.table.open.within(lease));
      if (first !== undefined) return { lease, span: first };
    }
    return undefined;
  }
}
