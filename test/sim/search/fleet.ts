/**
 * Many lanes of very different speed at one desk, some of which die and are replaced, in virtual time: how much of what
 * they could hash was hashed once, how long leases were, and who stood idle.
 */
import { LeaseDesk } from "../../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../../node/jobs/search/leases/desk-messages.ts";
import { Lane } from "../../../node/jobs/search/leases/lane.ts";
import type { LaneEffect, LaneEvent } from "../../../node/jobs/search/leases/lane-messages.ts";
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";

export interface FleetPlan {
  readonly seed: number;
  readonly lanes: number;
  /** Relative speeds are drawn from 1 to this. */
  readonly fastest: number;
  readonly rttMs: readonly [number, number];
  /** Share of the lanes that dies in a minute; another takes the place of each. */
  readonly churn: number;
  /** Units a millisecond of the slowest lane. */
  readonly slowest?: number;
  /** One lane, by chance, dies so often. */
  readonly oneDeathMs?: number;
  /** What the lanes could search in so long, if they did nothing else. */
  readonly bareMs: number;
}

export interface FleetResult {
  readonly isCovered: boolean;
  readonly tookMs: number;
  /** Of what the lanes that were there could have hashed: what was hashed and counted. */
  readonly efficiency: number;
  /** Units that were hashed and did not count, of all. */
  readonly wasted: number;
  /** Milliseconds of leases, sorted. */
  readonly leasesMs: readonly number[];
  /** The lease in which half of the hashing time was over. */
  readonly typicalLeaseMs: number;
  /** Longest time a lane searched nothing, from its first lease to the last 1 % of the range. */
  readonly longestIdleMs: number;
  readonly entries: number;
  readonly deaths: number;
}

/** Units a millisecond of the slowest lane. */
const SLOWEST = 0.0005;
const REPLICATION_MS = [20, 120] as const;
const DISPATCH_MS = 20;
const TICK_MS = 500;
const REJOIN_MS = 1_000;
const MINUTE_MS = 60_000;
const LAST_SHARE = 0.01;
/** Times the bare time in which all must be done. */
const PATIENCE = 10;

export function simulateFleet(plan: FleetPlan): FleetResult {
  return new Fleet(plan).run();
}

interface Worker {
  readonly node: number;
  readonly lane: Lane;
  readonly rate: number;
  readonly rttMs: number;
  readonly bornAt: number;
  isAlive: boolean;
  task:
    | { readonly lease: number; from: number; to: number; since: number; run: number }
    | undefined;
  runs: number;
  wakeAt: number;
  idleSince: number | undefined;
}

class Fleet {
  readonly #plan: FleetPlan;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #desk: LeaseDesk;
  readonly #workers = new Map<number, Worker>();
  readonly #total: number;
  readonly #leasesMs: number[] = [];
  #nodes = 0;
  #capacity = 0;
  #hashed = 0;
  #longestIdleMs = 0;
  #entries = 0;
  #deaths = 0;
  #coveredAt: number | undefined;

  constructor(plan: FleetPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    const rates = Array.from({ length: plan.lanes }, () => this.#rate());
    this.#total = Math.ceil(rates.reduce((sum, rate) => sum + rate, 0) * plan.bareMs);
    this.#desk = new LeaseDesk({
      open: [{ from: 0, to: this.#total }],
      redundancy: 0,
      random: () => this.#random.next(),
    });
    for (const rate of rates) this.#join(rate);
  }

  run(): FleetResult {
    const timeline = this.#timeline;
    this.#every(TICK_MS, () => this.#tell({ kind: "tick", now: timeline.now }));
    const { oneDeathMs } = this.#plan;
    if (oneDeathMs !== undefined) {
      this.#every(oneDeathMs, () => this.#die(this.#random.pick([...this.#workers.values()])));
    }
    timeline.run(PATIENCE * this.#plan.bareMs, () => this.#coveredAt !== undefined);
    const tookMs = timeline.now;
    for (const worker of this.#workers.values()) this.#leave(worker);
    const leasesMs = this.#leasesMs.toSorted((a, b) => a - b);
    const half = leasesMs.reduce((sum, ms) => sum + ms, 0) / 2;
    let sum = 0;
    const typicalLeaseMs = leasesMs.find((ms) => {
      sum += ms;
      return sum >= half;
    });
    return {
      isCovered: this.#coveredAt !== undefined && this.#isWhole(),
      tookMs,
      efficiency: (this.#total - this.#desk.table.open.size) / this.#capacity,
      wasted: (this.#hashed - (this.#total - this.#desk.table.open.size)) / this.#hashed,
      leasesMs,
      typicalLeaseMs: typicalLeaseMs ?? 0,
      longestIdleMs: this.#longestIdleMs,
      entries: this.#entries,
      deaths: this.#deaths,
    };
  }

  /** Every unit has one owner. */
  #isWhole(): boolean {
    const { table } = this.#desk;
    let owned = 0;
    for (const node of table.owners()) {
      for (const { from, to } of table.owned(node).first) owned += to - from;
    }
    return owned === this.#total && table.open.size === 0;
  }

  #rate(): number {
    return (this.#plan.slowest ?? SLOWEST) * (1 + this.#random.next() * (this.#plan.fastest - 1));
  }

  #every(ms: number, action: () => void): void {
    this.#timeline.after(ms, () => {
      action();
      this.#every(ms, action);
    });
  }

  #join(rate: number): void {
    const [least, most] = this.#plan.rttMs;
    const worker: Worker = {
      node: this.#nodes++,
      lane: new Lane(),
      rate,
      rttMs: least + this.#random.next() * (most - least),
      bornAt: this.#timeline.now,
      isAlive: true,
      task: undefined,
      runs: 0,
      wakeAt: Number.POSITIVE_INFINITY,
      idleSince: undefined,
    };
    this.#workers.set(worker.node, worker);
    const lifeMs =
      (-Math.log(1 - this.#random.next()) * MINUTE_MS) / Math.max(1e-9, this.#plan.churn);
    this.#timeline.after(lifeMs, () => this.#die(worker));
    // Not all at the same moment.
    this.#timeline.after(this.#random.next() * 100, () => this.#step(worker, "tick"));
  }

  #die(worker: Worker): void {
    if (!worker.isAlive) return;
    this.#deaths++;
    this.#leave(worker);
    this.#timeline.after(REJOIN_MS, () => this.#join(this.#rate()));
  }

  #leave(worker: Worker): void {
    if (!worker.isAlive) return;
    const { now } = this.#timeline;
    worker.isAlive = false;
    this.#workers.delete(worker.node);
    this.#capacity += worker.rate * (now - worker.bornAt);
    if (worker.task !== undefined) this.#hashed += this.#at(worker) - worker.task.from;
  }

  #step(worker: Worker, event: "tick" | LaneEvent): void {
    if (!worker.isAlive) return;
    const { now } = this.#timeline;
    const { task } = worker;
    if (event === "tick" && task !== undefined) {
      const at = this.#at(worker);
      if (at < task.to) {
        this.#carry(worker, worker.lane.step({ kind: "searched", now, lease: task.lease, at }));
      }
    }
    const effects = worker.lane.step(event === "tick" ? { kind: "tick", now } : event);
    this.#carry(worker, effects);
    this.#wake(worker);
  }

  #wake(worker: Worker): void {
    const { now } = this.#timeline;
    const at = Math.max(now + 1, worker.lane.wakeAt(now));
    if (at >= worker.wakeAt && worker.wakeAt > now) return;
    if (at === Number.POSITIVE_INFINITY) return;
    worker.wakeAt = at;
    this.#timeline.after(at - now, () => {
      if (worker.wakeAt !== at) return;
      worker.wakeAt = Number.POSITIVE_INFINITY;
      this.#step(worker, "tick");
    });
  }

  /** The unit that a worker stands at. */
  #at({ task, rate }: Worker): number {
    if (task === undefined) return 0;
    const done = Math.floor((this.#timeline.now - task.since) * rate + 1e-6);
    return Math.min(task.to, task.from + done);
  }

  #carry(worker: Worker, effects: readonly LaneEffect[]): void {
    const timeline = this.#timeline;
    const holder = { node: worker.node, lane: 0 };
    const { rttMs } = worker;
    const toDesk = (event: (now: number) => DeskEvent): void =>
      timeline.after(rttMs / 2, () => {
        this.#tell(event(timeline.now));
        // The transport answers whatever the desk says.
        timeline.after(rttMs / 2, () => this.#step(worker, { kind: "heard", now: timeline.now }));
      });
    for (const effect of effects) {
      switch (effect.kind) {
        case "ask": {
          const { request, holds } = effect;
          toDesk((now) => ({ kind: "ask", now, holder, request, holds, rttMs }));
          break;
        }
        case "beat":
          toDesk((now) => ({ kind: "beat", now, holder, lease: effect.lease, at: effect.at }));
          break;
        case "search": {
          if (worker.idleSince !== undefined) this.#idle(timeline.now - worker.idleSince);
          worker.idleSince = undefined;
          timeline.after(DISPATCH_MS, () => this.#search(worker, effect));
          break;
        }
        case "stop": {
          const { task } = worker;
          if (task?.lease !== effect.lease) break;
          const at = this.#at(worker);
          if (at < effect.to) {
            task.to = effect.to;
            this.#planEnd(worker);
          } else this.#end(worker, at);
          break;
        }
        case "claim":
        case "seek":
        case "deliver":
        case "orphan":
          break;
        default:
          effect satisfies never;
      }
    }
  }

  #idle(ms: number): void {
    if (this.#desk.table.open.size <= LAST_SHARE * this.#total) return;
    this.#longestIdleMs = Math.max(this.#longestIdleMs, ms);
  }

  #search(worker: Worker, { lease, from, to }: { lease: number; from: number; to: number }): void {
    if (!worker.isAlive) return;
    worker.task = { lease, from, to, since: this.#timeline.now, run: ++worker.runs };
    this.#planEnd(worker);
  }

  #planEnd(worker: Worker): void {
    const { task } = worker;
    if (task === undefined) return;
    const { run, to } = task;
    const ms = (to - task.from) / worker.rate - (this.#timeline.now - task.since);
    this.#timeline.after(Math.max(0, ms), () => {
      if (!worker.isAlive || worker.task?.run !== run || worker.task.to !== to) return;
      this.#end(worker, to);
    });
  }

  #end(worker: Worker, at: number): void {
    const { task } = worker;
    if (task === undefined) return;
    const { now } = this.#timeline;
    worker.task = undefined;
    worker.idleSince = now;
    this.#hashed += at - task.from;
    this.#leasesMs.push(now - task.since);
    this.#step(worker, { kind: "searched", now, lease: task.lease, at });
  }

  #tell(event: DeskEvent): void {
    if (this.#coveredAt !== undefined) return;
    this.#answer(this.#desk.step(event));
  }

  #answer(effects: readonly DeskEffect[]): void {
    const timeline = this.#timeline;
    for (const effect of effects) {
      switch (effect.kind) {
        case "append": {
          this.#entries++;
          const [least, most] = REPLICATION_MS;
          const ms = least + this.#random.next() * (most - least);
          timeline.after(ms, () => this.#tell({ kind: "held", now: timeline.now, id: effect.id }));
          break;
        }
        case "lease": {
          const { request, lease, from, to } = effect;
          const event = { kind: "lease", request, lease, from, to, parents: [] } as const;
          this.#toLane(effect.holder.node, (now) => ({ ...event, now }));
          break;
        }
        case "wait": {
          const { request, ms } = effect;
          this.#toLane(effect.holder.node, (now) => ({ kind: "wait", now, request, ms }));
          break;
        }
        case "ack":
        case "stale": {
          const { kind, lease, from, to } = effect;
          this.#toLane(effect.holder.node, (now) => ({ kind, now, lease, from, to }));
          break;
        }
        case "end": {
          const { lease, to } = effect;
          this.#toLane(effect.holder.node, (now) => ({ kind: "end", now, lease, to }));
          break;
        }
        case "covered":
          this.#coveredAt = timeline.now;
          break;
        case "find":
          break;
        default:
          effect satisfies never;
      }
    }
  }

  #toLane(node: number, event: (now: number) => LaneEvent): void {
    const worker = this.#workers.get(node);
    if (worker === undefined) return;
    const timeline = this.#timeline;
    timeline.after(worker.rttMs / 2, () => this.#step(worker, event(timeline.now)));
  }
}
