/** A desk whose steps are held at once, and lanes that ask it. */
import { type DeskOptions, LeaseDesk } from "../../../../../node/jobs/search/leases/desk.ts";
import type {
  DeskEffect,
  DeskEvent,
  LeaseEffect,
} from "../../../../../node/jobs/search/leases/desk-messages.ts";
import type { PastStep } from "../../../../../node/jobs/search/leases/desk-replay.ts";
import type { Holder, LeaseStep } from "../../../../../node/jobs/search/leases/step.ts";

export const A = { node: 1, lane: 0 };
export const B = { node: 2, lane: 0 };
export const C = { node: 3, lane: 0 };
const OPTIONS = { redundancy: 0, random: () => 0.5 };

export class Bench {
  desk: LeaseDesk;
  now = 0;
  readonly log: PastStep[] = [];
  readonly #requests = new Map<number, number>();

  readonly #options: DeskOptions;

  constructor(units: number, options: Partial<DeskOptions> = {}) {
    this.#options = { open: [{ from: 0, to: units }], ...OPTIONS, ...options };
    this.desk = new LeaseDesk(this.#options);
  }

  feed(event: DeskEvent): DeskEffect[] {
    const effects: DeskEffect[] = [];
    const todo = [...this.desk.step(event)];
    for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
      effects.push(effect);
      if (effect.kind !== "append") continue;
      this.log.push({ step: effect.step, at: this.now });
      todo.push(...this.desk.step({ kind: "held", now: this.now, id: effect.id }));
    }
    return effects;
  }

  ask(holder: Holder, holds: readonly number[] = [], rttMs = 20): DeskEffect[] {
    const request = (this.#requests.get(holder.node) ?? 0) + 1;
    this.#requests.set(holder.node, request);
    return this.feed({ kind: "ask", now: this.now, holder, request, holds, rttMs });
  }

  lease(holder: Holder, holds: readonly number[] = []): LeaseEffect {
    return leaseOf(this.ask(holder, holds));
  }

  beat(holder: Holder, lease: number, at: number): DeskEffect[] {
    return this.feed({ kind: "beat", now: this.now, holder, lease, at });
  }

  tick(): DeskEffect[] {
    return this.feed({ kind: "tick", now: this.now });
  }

  /** The holder searches a whole lease at `rate` units a millisecond. */
  finish(lease: LeaseEffect, rate: number): void {
    this.now += (lease.to - lease.from) / rate;
    this.beat(lease.holder, lease.lease, lease.to);
  }

  /** The manager dies, and another goes on with what is on the log. */
  resume(): void {
    this.desk = LeaseDesk.resume(this.#options, this.log, this.now);
  }

  steps(kind: LeaseStep["kind"]): LeaseStep[] {
    return this.log.map(({ step }) => step).filter((step) => step.kind === kind);
  }
}

export function leaseOf(effects: readonly DeskEffect[]): LeaseEffect {
  const lease = effects.find((effect) => effect.kind === "lease");
  if (lease === undefined) throw new Error("no lease was given");
  return lease;
}

export function sizeOf({ from, to }: LeaseEffect): number {
  return to - from;
}
