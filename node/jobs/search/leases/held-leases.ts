/** What a worker lane has of leases, until all that it searched of them is settled. */
import type { LaneAckEvent, LaneEffect, ParentLease } from "./lane-messages.ts";
import { overlap, type Span, type Spans, without } from "./span.ts";

/** Units that a lane has or had. */
export interface Held extends Span {
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

export class HeldLeases {
  #held: Held[] = [];
  #tasks = 0;

  get size(): number {
    return this.#held.length;
  }

  get all(): readonly Held[] {
    return this.#held;
  }

  /** The first that is not searched to its end. */
  get current(): Held | undefined {
    return this.#held.find(isUnderWay);
  }

  /** Whether one more lies ready. */
  get hasNext(): boolean {
    let underWay = 0;
    for (const { isOver } of this.#held) if (!isOver) underWay++;
    return underWay > 1;
  }

  /** Leases of the parent that this lane has now. */
  get ofParent(): readonly number[] {
    return this.#held.filter(({ isOrphan }) => !isOrphan).map(({ lease }) => lease);
  }

  byLease(lease: number): Held | undefined {
    return this.#held.find((held) => !held.isOrphan && held.lease === lease);
  }

  byTask(task: number): Held | undefined {
    return this.#held.findLast((held) => held.task === task && !held.isOver);
  }

  /** The orphan under way of which these units are the rest. */
  orphanAt(from: number): Held | undefined {
    return this.#held.find(
      (held) => held.isOrphan && !held.isOver && held.at <= from && from < held.to,
    );
  }

  add({ lease, from, to }: ParentLease, parents: readonly ParentLease[]): void {
    const task = ++this.#tasks;
    this.#held.push({ lease, task, parents, from, to, at: from, ...UNTOUCHED });
  }

  /** The rest of an orphaned lease is now one of this lane's own: the worker goes on as it was. */
  adopt(orphan: Held, { lease, from, to }: ParentLease): void {
    const { task, open } = orphan;
    const passed = { from, to: Math.max(from, to) };
    const at = Math.max(orphan.at, from);
    const moved = overlap(open, [passed]);
    orphan.open = without(open, [passed]);
    orphan.isOver = true;
    this.#held.push({
      lease,
      task,
      parents: [],
      from,
      to,
      at,
      ...UNTOUCHED,
      isOver: at >= to,
      open: moved,
    });
    this.drop();
  }

  /**
   * The parent is gone. What was not begun is given back by being forgotten.
   * @param task what the worker is at
   */
  orphan(task: number | undefined): void {
    for (const held of this.#held) held.isOrphan ||= held.parents.length > 0;
    this.#held = this.#held.filter(
      (held) => !held.isOrphan || held.task === task || held.open.length > 0,
    );
  }

  refuseOrphans(): void {
    for (const held of this.#held) held.isRefused ||= held.isOrphan;
  }

  /** A manager has answered for units. */
  answered({ kind, lease, from, to }: LaneAckEvent, effects: LaneEffect[]): void {
    const span = [{ from, to }];
    for (const held of this.#held) {
      if (held.open.length === 0 || !isNamed(held, lease)) continue;
      const answered = overlap(held.open, span);
      held.open = without(held.open, answered);
      if (kind === "stale") continue;
      for (const span of answered) effects.push({ kind: "claim", lease: held.lease, ...span });
    }
    this.drop();
  }

  /** Leases that are over and settled are forgotten. */
  drop(): void {
    if (this.#held.some(isSettled)) this.#held = this.#held.filter((held) => !isSettled(held));
  }
}

const UNTOUCHED = { isOver: false, open: [], isOrphan: false, isRefused: false } as const;

/** The worker has searched the lease up to `at`, which is beyond where it was. */
export function advance(held: Held, at: number): void {
  const last = held.open.at(-1);
  // Reports come unit by unit, and answers, claims and what an orphan delivers go by span.
  if (last?.to === held.at) held.open = [...held.open.slice(0, -1), { from: last.from, to: at }];
  else held.open = [...held.open, { from: held.at, to: at }];
  held.at = at;
}

/** Tells the parent how far a lease is, or the manager above what was searched of an orphan. */
export function report(held: Held, effects: LaneEffect[]): void {
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

function isNamed({ isOrphan, lease, parents }: Held, number: number): boolean {
  return isOrphan ? parents.some((parent) => parent.lease === number) : lease === number;
}

function isUnderWay({ isOver }: Held): boolean {
  return !isOver;
}

function isSettled({ isOver, open }: Held): boolean {
  return isOver && open.length === 0;
}
