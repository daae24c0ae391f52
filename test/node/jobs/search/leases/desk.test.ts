import { expect } from "chai";
import type { LeaseEffect } from "../../../../../node/jobs/search/leases/desk-messages.ts";
import type { Holder } from "../../../../../node/jobs/search/leases/step.ts";
import { A, B, Bench, leaseOf, sizeOf } from "./desk-bench.ts";

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
