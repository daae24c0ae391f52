/**
 * A sub-manager of the tree: holds leases from the manager above and gives parts of them to its children. It keeps no
 * log of its own. A child's units are settled when the log above has them, so a sub-manager that dies costs nothing but
 * time: its children deliver to the manager above, and what they had not begun falls due like any lease.
 */
import { LeaseDesk } from "./desk.ts";
import type { AckEffect, DeskEffect, DeskEvent } from "./desk-messages.ts";
import type { ParentLease } from "./lane-messages.ts";
import { overlap, type Span, type Spans, spansOf, without } from "./span.ts";
import type { Holder } from "./step.ts";
import type { SubAckEvent, SubEffect, SubEvent, SubLeaseEvent } from "./sub-messages.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

/** Milliseconds of work that are to be here beyond what asking takes. */
const STOCK_MS = 2_000;
const FIRST_ASK_MS = 500;
const NEWEST = 0.3;

/** What a child has searched, on its way to the log above. */
interface Delivery extends Span {
  /** Above. */
  readonly lease: number;
  /** Here. */
  readonly childLease: number;
  readonly searcher: Holder;
}

/** Of one child: what the log above has as its own, and what as another's. */
interface Settled {
  ack: Spans;
  stale: Spans;
}

export class SubManager {
  readonly #desk: LeaseDesk;
  #leases: ParentLease[] = [];
  #deliveries: Delivery[] = [];
  readonly #settled = new Map<number, Settled>();
  readonly #children = new Set<string>();
  #request = 0;
  #askedAt: number | undefined;
  #askSince = 0;
  #askMs = FIRST_ASK_MS;
  #waitUntil = 0;
  #beatAt = Number.NEGATIVE_INFINITY;
  #heardAt: number | undefined;
  #isClosed = false;

  constructor({ random }: { readonly random: () => number }) {
    this.#desk = new LeaseDesk({ open: [], redundancy: 0, random });
  }

  step(event: SubEvent): readonly SubEffect[] {
    const effects: SubEffect[] = [];
    const { kind, now } = event;
    this.#heardAt ??= now;
    if (kind !== "tick" && kind !== "child") this.#heardAt = now;
    switch (kind) {
      case "child": {
        const child = event.event;
        const { node, lane } = "by" in child ? child.by : child.holder;
        this.#children.add(`${node}/${lane}`);
        this.#tell(child, effects);
        break;
      }
      case "lease":
        this.#take(event, effects);
        break;
      case "wait":
        if (event.request !== this.#request) break;
        this.#askedAt = undefined;
        this.#waitUntil = now + event.ms;
        break;
      case "ack":
      case "stale":
        this.#settle(event, effects);
        break;
      case "end":
        for (const { lease, to } of this.#leases) {
          if (lease === event.lease && event.to < to) this.#desk.withdraw({ from: event.to, to });
        }
        break;
      case "manager":
        this.#askedAt = undefined;
        this.#beatAt = Number.NEGATIVE_INFINITY;
        break;
      case "close":
        this.#isClosed = true;
        this.#beatAt = Number.NEGATIVE_INFINITY;
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

  #take({ request, lease, from, to, now }: SubLeaseEvent, effects: SubEffect[]): void {
    if (request !== this.#request || this.#isClosed) return;
    if (this.#leases.some((known) => known.lease === lease)) return;
    this.#askMs += NEWEST * (now - this.#askSince - this.#askMs);
    this.#askedAt = undefined;
    this.#waitUntil = 0;
    this.#request++;
    this.#rename({ lease, from, to });
    this.#leases.push({ lease, from, to });
    const known = this.#desk.table.open.within({ from, to });
    for (const span of without([{ from, to }], known)) this.#desk.add(span);
    this.#tell({ kind: "tick", now }, effects);
  }

  /** Units that were lost above and are given again: what is here of them belongs to the new lease. */
  #rename(given: ParentLease): void {
    const keep = ({ lease }: ParentLease, span: Span): ParentLease => ({ lease, ...span });
    this.#leases = this.#leases.flatMap((old) =>
      without([old], [given]).map(({ from, to }) => keep(old, { from, to })),
    );
    this.#deliveries = this.#deliveries.flatMap((old) => [
      ...without([old], [given]).map(({ from, to }) => ({ ...old, from, to })),
      ...overlap([old], [given]).map(({ from, to }) => ({ ...old, lease: given.lease, from, to })),
    ]);
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
          this.#deliver(effect, effects);
          break;
        case "lease":
        case "stale":
        case "wait":
        case "end":
          effects.push({ kind: "to-child", effect, parents: this.#parentsOf(effect) });
          break;
        case "covered":
        case "find":
          break;
        default:
          effect satisfies never;
      }
    }
  }

  #parentsOf(effect: DeskEffect): readonly ParentLease[] {
    if (effect.kind !== "lease") return [];
    return this.#leases.flatMap(({ lease, from, to }) =>
      overlap([{ from, to }], [effect]).map((span) => ({ lease, ...span })),
    );
  }

  /** The desk counts units as a child's: they go up, unless they were answered for before. */
  #deliver(effect: AckEffect, effects: SubEffect[]): void {
    const { holder, lease: childLease } = effect;
    const { ack = [], stale = [] } = this.#settled.get(holder.node) ?? {};
    this.#answer({ ...effect, kind: "ack" }, ack, effects);
    this.#answer({ ...effect, kind: "stale" }, stale, effects);
    const onTheWay = this.#deliveries.filter(({ searcher }) => searcher.node === holder.node);
    const known = spansOf([...ack, ...stale, ...onTheWay]);
    for (const { lease, from, to } of this.#leases) {
      for (const span of without(overlap([effect], [{ from, to }]), known)) {
        this.#deliveries.push({ lease, childLease, searcher: holder, ...span });
        effects.push({ kind: "deliver", lease, searcher: holder, ...span });
      }
    }
  }

  #answer(effect: AckEffect, spans: Spans, effects: SubEffect[]): void {
    for (const { from, to } of overlap(spans, [effect])) {
      effects.push({ kind: "to-child", effect: { ...effect, from, to }, parents: [] });
    }
  }

  #settle({ kind, lease, searcher, from, to }: SubAckEvent, effects: SubEffect[]): void {
    const rest: Delivery[] = [];
    for (const delivery of this.#deliveries) {
      const isMeant = delivery.lease === lease && delivery.searcher.node === searcher.node;
      const answered = isMeant ? overlap([delivery], [{ from, to }]) : [];
      for (const span of answered) {
        const settled = this.#settled.get(searcher.node) ?? { ack: [], stale: [] };
        settled[kind] = spansOf([...settled[kind], span]);
        this.#settled.set(searcher.node, settled);
        const { childLease, searcher: holder } = delivery;
        const effect = { kind, by: holder, holder, lease: childLease, ...span };
        effects.push({ kind: "to-child", effect, parents: [] });
      }
      for (const { from, to } of without([delivery], answered))
        rest.push({ ...delivery, from, to });
    }
    this.#deliveries = rest;
    const open = this.#desk.table.open;
    this.#leases = this.#leases.filter(
      (held) =>
        open.within(held).length > 0 || rest.some((delivery) => delivery.lease === held.lease),
    );
  }

  #beat(now: number, effects: SubEffect[]): void {
    if (now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    for (const { lease, from } of this.#leases) effects.push({ kind: "beat", lease, at: from });
    for (const { lease, searcher, from, to } of this.#deliveries) {
      effects.push({ kind: "deliver", lease, searcher, from, to });
    }
    if (now - (this.#heardAt ?? now) < MANAGER_MISSES * BEAT_MS) return;
    effects.push({ kind: "seek" });
  }

  #ask(now: number, effects: SubEffect[]): void {
    if (this.#isClosed || now < this.#waitUntil || this.#children.size === 0) return;
    if (this.#askedAt !== undefined && now - this.#askedAt < BEAT_MS) return;
    const stock = this.#desk.totalRate(now) * (2 * this.#askMs + STOCK_MS);
    if (this.#desk.table.open.free > stock) return;
    if (this.#askedAt === undefined) this.#askSince = now;
    this.#askedAt = now;
    const holds = this.#leases.map(({ lease }) => lease);
    effects.push({ kind: "ask", request: this.#request, holds, lanes: this.#children.size });
  }
}
