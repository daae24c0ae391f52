/**
 * A whole round of a search in virtual time: a team that keeps the log, its manager's desk, sub-managers and lanes that
 * really look for nonces, with messages that take time. Anybody may be killed at any numbered point: points are counted
 * for each role, one for every message taken and every effect carried out.
 */
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { Ancestry } from "../../../node/jobs/search/leases/ancestry.ts";
import { type DeskOptions, LeaseDesk } from "../../../node/jobs/search/leases/desk.ts";
import type { DeskEffect, DeskEvent } from "../../../node/jobs/search/leases/desk-messages.ts";
import { Lane } from "../../../node/jobs/search/leases/lane.ts";
import type { LaneEffect, LaneEvent } from "../../../node/jobs/search/leases/lane-messages.ts";
import { LeaseTable } from "../../../node/jobs/search/leases/lease-table.ts";
import type { LogEntry } from "../../../node/jobs/search/leases/member-messages.ts";
import { overlap, sizeOf, spansOf } from "../../../node/jobs/search/leases/span.ts";
import { SUB_LANE, stepOf } from "../../../node/jobs/search/leases/step.ts";
import { SubManager } from "../../../node/jobs/search/leases/sub-manager.ts";
import type {
  ChildEvent,
  SubEffect,
  SubEvent,
  ToChildEffect,
} from "../../../node/jobs/search/leases/sub-messages.ts";
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";
import { findingsOf } from "./histories.ts";
import { SimulatedTeam } from "./team-network.ts";

export type Role = "manager" | "sub-manager" | "worker";

export interface WorldPlan {
  readonly seed: number;
  readonly units: number;
  readonly team: number;
  /** Lanes by sub-manager; those of the first stand directly under the manager. */
  readonly lanes: readonly number[];
  /** By sub-manager, from the second of `lanes` on: which of them it stands under; default 0, the manager. */
  readonly under?: readonly number[];
  /** Units a millisecond. */
  readonly rate: number;
  readonly redundancy: number;
  readonly mode: "first" | "all" | "best";
  /** Units whose hash, as a number of 32 bits, is under this are finds; in mode best those under the best so far. */
  readonly target: number;
  readonly kill?: { readonly role: Role; readonly point: number };
}

export interface WorldResult {
  readonly findings: readonly string[];
  readonly tookMs: number;
  readonly finds: readonly number[];
  readonly open: number;
  /** Units that were hashed beyond one time each. */
  readonly extra: number;
  /** Units of the largest lease of one lane. */
  readonly largest: number;
  readonly points: Readonly<Record<Role, number>>;
  readonly wasKilled: boolean;
}

const TICK_MS = 250;
const LIMIT_MS = 900_000;
const AGAIN_MS = 1_000;

/** What a unit hashes to. */
export function hashOf(seed: number, unit: number): number {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, seed);
  view.setUint32(4, unit);
  const digest = sha256(bytes);
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

export function simulateWorld(plan: WorldPlan): WorldResult {
  return new World(plan).run();
}

interface Worker {
  readonly node: number;
  readonly lane: Lane;
  /** Sub-managers above it that it still believes in, its parent first. */
  above: readonly Sub[];
  leader: number;
  isUp: boolean;
  task: { readonly lease: number; at: number; to: number } | undefined;
  run: number;
  readonly found: Set<number>;
  readonly claims: { from: number; to: number }[];
}

interface Sub {
  readonly node: number;
  readonly machine: SubManager;
  above: readonly Sub[];
  leader: number;
  isUp: boolean;
}

class World {
  readonly #plan: WorldPlan;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #team: SimulatedTeam;
  readonly #desks = new Map<number, LeaseDesk>();
  readonly #deskOptions: DeskOptions;
  readonly #workers: Worker[] = [];
  readonly #subs: Sub[] = [];
  readonly #safeFinds = new Set<number>();
  readonly #points: Record<Role, number> = { manager: 0, "sub-manager": 0, worker: 0 };
  readonly #findings: string[] = [];
  #wasKilled = false;
  #hashed = 0;
  #isOver = false;
  #log: readonly LogEntry[] = [];

  constructor(plan: WorldPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#deskOptions = {
      open: [{ from: 0, to: plan.units }],
      redundancy: plan.redundancy,
      random: () => this.#random.next(),
    };
    this.#team = new SimulatedTeam(
      { size: plan.team, units: plan.units },
      {
        timeline: this.#timeline,
        random: this.#random,
        delay: () => this.#delay(),
        onPoint: (member) => this.#team.leader === member && this.#diesAt("manager"),
        onEffect: (member, effect) => {
          switch (effect.kind) {
            case "lead": {
              const past = effect.log.map(({ signed: { entry } }) => ({
                step: stepOf(entry),
                at: Number(entry.at),
              }));
              this.#desks.set(member, LeaseDesk.resume(this.#deskOptions, past, this.#now));
              break;
            }
            case "yield":
              this.#desks.delete(member);
              break;
            case "written":
              this.#tell(member, { kind: "held", now: this.#now, id: effect.id });
              break;
            case "safe":
              this.#looksOver(member);
              break;
            default:
              break;
          }
        },
      },
    );
    for (const [group, count] of plan.lanes.entries()) {
      if (group > 0) {
        const machine = new SubManager({ random: () => this.#random.next() });
        const above = this.#pathOf(plan.under?.[group - 1] ?? 0);
        this.#subs.push({ node: 50 + group, machine, above, leader: 0, isUp: true });
      }
      for (let i = 0; i < count; i++) {
        this.#workers.push({
          node: 1 + this.#workers.length,
          lane: new Lane(),
          above: this.#pathOf(group),
          leader: 0,
          isUp: true,
          task: undefined,
          run: 0,
          found: new Set(),
          claims: [],
        });
      }
    }
  }

  /** A sub-manager and those above it. */
  #pathOf(group: number): readonly Sub[] {
    const sub = this.#subs[group - 1];
    return sub === undefined ? [] : [sub, ...sub.above];
  }

  get #now(): number {
    return this.#timeline.now;
  }

  run(): WorldResult {
    const timeline = this.#timeline;
    const every = (): void => {
      for (const member of this.#desks.keys()) this.#tell(member, { kind: "tick", now: this.#now });
      for (const sub of this.#subs) this.#toSub(sub, { kind: "tick", now: this.#now });
      for (const worker of this.#workers) this.#toLane(worker, { kind: "tick", now: this.#now });
      if (!this.#isOver) timeline.after(TICK_MS, every);
    };
    every();
    timeline.run(LIMIT_MS, () => this.#isOver);
    const tookMs = this.#now;
    if (!this.#isOver) this.#findings.push("the search does not end");
    const whole = [{ from: 0, to: this.#plan.units }];
    const table = new LeaseTable({ open: whole });
    for (const { signed } of this.#log) table.apply(stepOf(signed.entry));
    const findings = [...this.#findings, ...this.#team.findings, ...findingsOf(table, whole)];
    for (const { node, claims } of this.#workers) {
      const { first, repeated } = table.owned(node);
      const claimed = spansOf(claims);
      const own = sizeOf(overlap(claimed, spansOf([...first, ...repeated])));
      if (own !== sizeOf(claimed))
        findings.push(`node ${node} claims what the log does not give it`);
    }
    return {
      findings,
      tookMs,
      finds: [...this.#safeFinds].sort((a, b) => a - b),
      open: table.open.size,
      extra: this.#hashed - (this.#plan.units - table.open.size) - table.repeats,
      largest: Math.max(
        ...table.leases
          .filter(({ node }) => node < 50)
          .map(({ granted }) => granted.to - granted.from),
        0,
      ),
      points: this.#points,
      wasKilled: this.#wasKilled,
    };
  }

  #delay(): number {
    return 5 + this.#random.next() * 40;
  }

  #diesAt(role: Role): boolean {
    this.#points[role]++;
    const { kill } = this.#plan;
    if (kill?.role !== role || kill.point !== this.#points[role]) return false;
    this.#wasKilled = true;
    return true;
  }

  #later(action: () => void): void {
    this.#timeline.after(this.#delay(), action);
  }

  /** A message to the manager that `from` knows; one that does not manage does not answer. */
  #toTop(
    from: { readonly leader: number },
    event: (now: number) => DeskEvent,
    heard: () => void,
  ): void {
    const { leader } = from;
    this.#later(() => {
      if (!this.#team.isUp(leader) || !this.#desks.has(leader)) return;
      if (this.#diesAt("manager")) {
        this.#killMember(leader);
        return;
      }
      this.#tell(leader, event(this.#now));
      this.#later(heard);
    });
  }

  /** A message to the next above: a sub-manager, or the manager. */
  #up(
    from: { readonly leader: number; readonly above: readonly Sub[] },
    event: (now: number) => ChildEvent["event"],
    heard: () => void,
  ): void {
    const [parent] = from.above;
    if (parent === undefined) {
      this.#toTop(from, event, heard);
      return;
    }
    // From a parent that was given up meanwhile nothing is heard.
    const hears = (): void => {
      if (from.above[0] === parent) heard();
    };
    this.#later(() => {
      if (!parent.isUp) return;
      this.#toSub(parent, { kind: "child", now: this.#now, event: event(this.#now) });
      if (parent.isUp) this.#later(hears);
    });
  }

  /** Turns to the next above, or to whoever manages now. */
  #seekFor(
    from: { leader: number; above: readonly Sub[] },
    turned: (isAbove: boolean) => void,
  ): void {
    const { leader } = this.#team;
    const isAbove = from.above.length > 0;
    if (!isAbove && leader === undefined) return;
    const above = from.above.slice(1);
    this.#later(() => {
      from.above = above;
      from.leader = leader ?? from.leader;
      turned(isAbove);
    });
  }

  #killMember(member: number): void {
    this.#team.kill(member);
    this.#desks.delete(member);
  }

  #tell(member: number, event: DeskEvent): void {
    const desk = this.#desks.get(member);
    if (desk === undefined || this.#isOver) return;
    if (!this.#team.isUp(member)) {
      this.#desks.delete(member);
      return;
    }
    for (const effect of desk.step(event)) {
      if (effect.kind === "append") {
        this.#team.write(member, effect.id, effect.step);
        if (!this.#team.isUp(member)) this.#desks.delete(member);
        if (this.#desks.get(member) !== desk) return;
        continue;
      }
      if (this.#diesAt("manager")) {
        this.#killMember(member);
        return;
      }
      this.#answer(effect);
    }
  }

  #answer(effect: DeskEffect): void {
    switch (effect.kind) {
      case "lease":
      case "wait":
      case "end":
      case "ack":
      case "stale": {
        this.#toHolder(effect, [], (above) => above.length === 0);
        break;
      }
      case "find":
        this.#safeFinds.add(Number(effect.nonce));
        break;
      case "append":
      case "covered":
        break;
      default:
        effect satisfies never;
    }
  }

  /** To the node that asked or delivered, if the sender is still its parent. */
  #toHolder(
    effect: ToChildEffect["effect"],
    parents: Ancestry,
    isParent: (above: readonly Sub[]) => boolean,
  ): void {
    const { node } = effect.kind === "ack" || effect.kind === "stale" ? effect.by : effect.holder;
    const sub = this.#subs.find((one) => one.node === node);
    const worker = this.#workers.find((one) => one.node === node);
    this.#later(() => {
      if (sub !== undefined && isParent(sub.above)) {
        this.#toSub(sub, subEvent(effect, this.#now, parents));
      } else if (worker !== undefined && isParent(worker.above)) {
        this.#toLane(worker, laneEvent(effect, this.#now, parents));
      }
    });
  }

  /** The round is over once a member holds safe that all is covered, or the find that is enough. */
  #looksOver(member: number): void {
    const machine = this.#team.member(member);
    if (machine === undefined) return;
    const log = machine.log.slice(0, machine.safe);
    const steps = log.map(({ signed }) => stepOf(signed.entry));
    const table = new LeaseTable({ open: [{ from: 0, to: this.#plan.units }] });
    for (const step of steps) table.apply(step);
    for (const { nonce } of table.finds) this.#safeFinds.add(Number(nonce));
    const isFound = this.#plan.mode === "first" && table.finds.length > 0;
    if (!isFound && table.open.size > 0) return;
    this.#log = log;
    this.#isOver = true;
  }

  #toSub(sub: Sub, event: SubEvent): void {
    if (!sub.isUp || this.#isOver) return;
    if (event.kind !== "tick" && this.#diesAt("sub-manager")) {
      sub.isUp = false;
      return;
    }
    const wasKilled = (): boolean => {
      if (!this.#diesAt("sub-manager")) return false;
      sub.isUp = false;
      return true;
    };
    for (const effect of sub.machine.step(event)) {
      if (wasKilled()) return;
      this.#carrySub(sub, effect);
    }
  }

  #carrySub(sub: Sub, effect: SubEffect): void {
    const holder = { node: sub.node, lane: SUB_LANE };
    const heard = (): void => this.#toSub(sub, { kind: "heard", now: this.#now });
    switch (effect.kind) {
      case "ask": {
        const { request, holds, lanes } = effect;
        const ask = { kind: "ask", holder, request, holds, lanes, rttMs: 50 } as const;
        this.#up(sub, (now) => ({ ...ask, now }), heard);
        break;
      }
      case "beat": {
        const { lease, at } = effect;
        this.#up(sub, (now) => ({ kind: "beat", now, holder, lease, at }), heard);
        break;
      }
      case "deliver": {
        const { lease, searcher, from, to } = effect;
        const deliver = { kind: "deliver", by: holder, searcher, lease, from, to } as const;
        this.#up(sub, (now) => ({ ...deliver, now }), heard);
        break;
      }
      case "orphan": {
        const { request, holds, lease, from, to } = effect;
        const orphan = { kind: "orphan", holder, request, holds, lease, from, to } as const;
        this.#up(sub, (now) => ({ ...orphan, now }), heard);
        break;
      }
      case "to-child":
        this.#toHolder(effect.effect, effect.parents, ([parent]) => parent === sub);
        break;
      case "seek":
        this.#seekFor(sub, (isAbove) => {
          this.#toSub(sub, { kind: "manager", now: this.#now, isAbove });
        });
        break;
      default:
        effect satisfies never;
    }
  }

  #toLane(worker: Worker, event: LaneEvent): void {
    if (!worker.isUp || this.#isOver) return;
    if (event.kind !== "tick" && this.#diesAt("worker")) {
      worker.isUp = false;
      return;
    }
    for (const effect of worker.lane.step(event)) {
      if (this.#diesAt("worker")) {
        worker.isUp = false;
        return;
      }
      this.#carry(worker, effect);
    }
  }

  #carry(worker: Worker, effect: LaneEffect): void {
    const holder = { node: worker.node, lane: 0 };
    const heard = (): void => this.#toLane(worker, { kind: "heard", now: this.#now });
    const up = (event: (now: number) => ChildEvent["event"]): void =>
      this.#up(worker, event, heard);
    switch (effect.kind) {
      case "ask": {
        const { request, holds } = effect;
        up((now) => ({ kind: "ask", now, holder, request, holds, rttMs: 50 }));
        break;
      }
      case "beat": {
        const { lease, at } = effect;
        up((now) => ({ kind: "beat", now, holder, lease, at }));
        break;
      }
      case "deliver": {
        const { lease, from, to } = effect;
        up((now) => ({ kind: "deliver", now, by: holder, searcher: holder, lease, from, to }));
        break;
      }
      case "orphan": {
        const { request, holds, lease, from, to } = effect;
        up((now) => ({ kind: "orphan", now, holder, request, holds, lease, from, to }));
        break;
      }
      case "search":
        worker.task = { lease: effect.lease, at: effect.from, to: effect.to };
        this.#search(worker, ++worker.run);
        break;
      case "stop":
        if (worker.task?.lease !== effect.lease) break;
        worker.task.to = Math.min(worker.task.to, effect.to);
        if (worker.task.at >= worker.task.to) worker.task = undefined;
        break;
      case "claim":
        worker.claims.push({ from: effect.from, to: effect.to });
        break;
      case "seek":
        this.#seekFor(worker, (isAbove) => {
          this.#toLane(worker, { kind: "manager", now: this.#now, isAbove });
        });
        break;
      default:
        effect satisfies never;
    }
  }

  #search(worker: Worker, run: number): void {
    const { seed, rate } = this.#plan;
    this.#timeline.after(1 / rate, () => {
      const { task } = worker;
      if (!worker.isUp || task === undefined || worker.run !== run) return;
      if (task.at >= task.to) return;
      const unit = task.at++;
      this.#hashed++;
      const isHit = hashOf(seed, unit) < this.#plan.target;
      const report = (): void => {
        const lease = task.lease;
        this.#toLane(worker, { kind: "searched", now: this.#now, lease, at: unit + 1 });
        if (worker.run === run) this.#search(worker, run);
      };
      // A find goes before the unit that it is in: once a unit is on the log nobody looks there again.
      if (isHit) this.#tellFind(worker, unit, report);
      else report();
    });
  }

  #tellFind(worker: Worker, unit: number, then: () => void): void {
    if (!worker.isUp || this.#isOver) return;
    if (this.#safeFinds.has(unit)) {
      then();
      return;
    }
    const { node } = worker;
    const leader = { leader: this.#team.leader ?? worker.leader };
    this.#toTop(
      leader,
      (now) => ({ kind: "found", now, node, nonce: BigInt(unit) }),
      () => {},
    );
    this.#timeline.after(AGAIN_MS, () => this.#tellFind(worker, unit, then));
  }
}

function laneEvent(effect: ToChildEffect["effect"], now: number, parents: Ancestry): LaneEvent {
  switch (effect.kind) {
    case "lease": {
      const { request, lease, from, to } = effect;
      return { kind: "lease", now, request, lease, from, to, parents };
    }
    case "wait":
      return { kind: "wait", now, request: effect.request, ms: effect.ms };
    case "end":
      return { kind: "end", now, lease: effect.lease, to: effect.to };
    case "ack":
    case "stale": {
      const { kind, lease, from, to } = effect;
      return { kind, now, lease, from, to };
    }
    default:
      return effect satisfies never;
  }
}

function subEvent(effect: ToChildEffect["effect"], now: number, parents: Ancestry): SubEvent {
  if (effect.kind === "ack" || effect.kind === "stale") {
    const { kind, from, to, holder } = effect;
    return { kind, now, from, to, searcher: holder };
  }
  if (effect.kind === "lease") {
    const { request, lease, from, to } = effect;
    return { kind: "lease", now, request, lease, from, to, parents };
  }
  if (effect.kind === "wait") return { kind: "wait", now, request: effect.request, ms: effect.ms };
  return { kind: "end", now, lease: effect.lease, to: effect.to };
}
