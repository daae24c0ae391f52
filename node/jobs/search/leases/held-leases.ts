/** What a worker lane has of leases, until all that it searched of them is settled. */
import { type Ancestry, hasNames, type ParentLease } from "./ancestry.ts";
import type { LaneAckEvent, LaneEffect } from "./lane-messages.ts";
import { overlap, type Span, type Spans, without } from "./span.ts";

/** Units that a lane has or had. */
export interface Held extends Span {
  readonly lease: number;
  /** As the worker knows them. */
  readonly task: number;
  /** Of an orphan: by which leases the manager of now knows its units. */
  names: readonly ParentLease[];
  /** By which those above the parent of now know them. */
  parents: Ancestry;
  /** One past the last unit to search. */
  to: number;
  at: number;
  isOver: boolean;
  /** When it was over, on the clock of the lane. */
  overAt: number;
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

  add({ lease, from, to }: ParentLease, parents: Ancestry): void {
    const task = ++this.#tasks;
    this.#held.push({ lease, task, parents, from, to, at: from, ...UNTOUCHED });
  }

  /** The rest of an orphaned lease is now one of this lane's own: the worker goes on as it was. */
  adopt(orphan: Held, { lease, from, to }: ParentLease, parents: Ancestry, now: number): void {
    const { task, open } = orphan;
    const passed = { from, to: Math.max(from, to) };
    const at = Math.max(orphan.at, from);
    const moved = overlap(open, [passed]);
    orphan.open = without(open, [passed]);
    endHeld(orphan, now);
    this.#held.push({
      lease,
      task,
      parents,
      from,
      to,
      at,
      ...UNTOUCHED,
      isOver: at >= to,
      overAt: now,
      open: moved,
    });
    this.drop();
  }

  /**
   * The parent is gone. What was not begun is given back by being forgotten.
   * @param task what the worker is at
   * @returns what nobody above knows, if the worker is at it
   */
  orphan(task: number | undefined, now: number): Held | undefined {
    let lost: Held | undefined;
    for (const held of this.#held) {
      if (!hasNames(held.parents)) {
        if (held.task === task && !held.isOver) lost = held;
        held.open = [];
        endHeld(held, now);
        continue;
      }
      const [names = [], ...above] = held.parents;
      Object.assign(held, { names, parents: above, isOrphan: true, isRefused: false, overAt: now });
    }
    this.#held = this.#held.filter(
      (held) => held.open.length > 0 || (!held.isOver && held.task === task),
    );
    return lost;
  }

  /** When the first of those that are over was; undefined when all that are over are answered for. */
  get unansweredSince(): number | undefined {
    let since: number | undefined;
    for (const { isOver, overAt } of this.#held) {
      if (isOver) since = Math.min(since ?? overAt, overAt);
    }
    return since;
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

const UNTOUCHED = {
  names: [],
  isOver: false,
  overAt: 0,
  open: [],
  isOrphan: false,
  isRefused: false,
} as const;

export function endHeld(held: Held, now: number): void {
  held.isOver = true;
  held.overAt = now;
}

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
  for (const { lease, from, to } of held.names) {
    for (const span of overlap(held.open, [{ from, to }])) {
      effects.push({ kind: "deliver", lease, ...span });
    }
  }
}

function isNamed({ isOrphan, lease, names }: Held, number: number): boolean {
  return isOrphan ? names.some((name) => name.lease === number) : lease === number;
}

function isUnderWay({ isOver }: Held): boolean {
  return !isOver;
}

function isSettled({ isOver, open }: Held): boolean {
  return isOver && open.length === 0;
}
