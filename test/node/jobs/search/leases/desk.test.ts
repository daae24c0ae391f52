import { expect } from "chai";
import { LeaseDesk } from "../../../../../node/jobs/search/leases/desk.ts";
import type {
  DeskEffect,
  DeskEvent,
  LeaseEffect,
} from "../../../../../node/jobs/search/leases/desk-messages.ts";
import type { PastStep } from "../../../../../node/jobs/search/leases/desk-replay.ts";
import type { Holder, LeaseStep } from "../../../../../node/jobs/search/leases/step.ts";

const A = { node: 1, lane: 0 };
const B = { node: 2, lane: 0 };
const OPTIONS = { redundancy: 0, random: () => 0.5 };

/** A desk whose steps are held at once. */
class Bench {
  desk: LeaseDesk;
  now = 0;
  readonly log: PastStep[] = [];
  readonly #open: { readonly from: number; readonly to: number }[];
  readonly #requests = new Map<number, number>();

  constructor(units: number) {
    this.#open = [{ from: 0, to: units }];
    this.desk = new LeaseDesk({ open: this.#open, ...OPTIONS });
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
    this.desk = LeaseDesk.resume({ open: this.#open, ...OPTIONS }, this.log, this.now);
  }

  steps(kind: LeaseStep["kind"]): LeaseStep[] {
    return this.log.map(({ step }) => step).filter((step) => step.kind === kind);
  }
}

function leaseOf(effects: readonly DeskEffect[]): LeaseEffect {
  const lease = effects.find((effect) => effect.kind === "lease");
  if (lease === undefined) throw new Error("no lease was given");
  return lease;
}

function sizeOf({ from, to }: LeaseEffect): number {
  return to - from;
}

describe("desk that gives out leases", () => {
  it("does not take leases that were done while nobody managed for a lane's speed", () => {
    const bench = new Bench(100_000);
    let lease = bench.lease(A);
    for (let i = 0; i < 6; i++) {
      bench.finish(lease, 0.01);
      lease = bench.lease(A);
    }
    const queued = bench.lease(A, [lease.lease]);
    bench.now += 8_000;
    bench.resume();
    bench.now += 10;
    bench.beat(A, lease.lease, lease.to);
    bench.now += 1;
    bench.beat(A, queued.lease, queued.to);
    bench.now += 1;
    expect(sizeOf(bench.lease(A))).at.most(1.5 * sizeOf(queued));
  });

  it("measures a sub-manager by what it delivers, also from the log of the manager before", () => {
    const bench = new Bench(100_000);
    const sub = { node: 50, lane: 0 };
    const held: LeaseEffect[] = [];
    let request = 0;
    const ask = (): LeaseEffect => {
      const holds = held.map((one) => one.lease);
      const event = { kind: "ask", holder: sub, holds, rttMs: 20, lanes: 2 } as const;
      const given = leaseOf(bench.feed({ ...event, now: bench.now, request: ++request }));
      held.push(given);
      return given;
    };
    const deliver = ({ lease, from, to }: LeaseEffect, searcher: Holder): void => {
      const event = { kind: "deliver", by: sub, searcher, lease, from, to } as const;
      bench.feed({ ...event, now: bench.now });
    };
    // Two lanes of 0.005 units a millisecond each, whose results come side by side.
    for (let i = 0; i < 10; i++) {
      const [one, other] = [ask(), ask()];
      bench.now += sizeOf(one) / 0.005;
      deliver(one, A);
      bench.now += 2;
      deliver(other, B);
      held.length = 0;
    }
    bench.now += 8_000;
    bench.resume();
    // 20 s of work at most, at twice the speed that the two have.
    expect(sizeOf(ask())).at.most(0.02 * 20_000);
  });
});
