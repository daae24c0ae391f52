/** Units that are searched a second time, because the order asks for it. */
import { expect } from "chai";
import type {
  DeskEffect,
  LeaseEffect,
} from "../../../../../node/jobs/search/leases/desk-messages.ts";
import type { Holder } from "../../../../../node/jobs/search/leases/step.ts";
import { A, B, Bench, C } from "./desk-bench.ts";

const STEP_MS = 100;
const LIMIT_MS = 600_000;

interface Ended {
  readonly bench: Bench;
  /** When all was searched, and when the desk said that it is done. */
  readonly searchedAt: number | undefined;
  readonly coveredAt: number | undefined;
}

/** Lanes of one speed that search whatever they get, until the desk says that it is done. */
function searched(units: number, redundancy: number, holders: readonly Holder[]): Ended {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const bench = new Bench(units, { redundancy, random });
  const tasks = new Map<Holder, { readonly lease: LeaseEffect; readonly endsAt: number }>();
  let searchedAt: number | undefined;
  let coveredAt: number | undefined;
  const take = (effects: readonly DeskEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === "covered") coveredAt = bench.now;
      if (effect.kind !== "lease") continue;
      const endsAt = bench.now + (effect.to - effect.from) / 0.01;
      tasks.set(
        holders.find(
          ({ node, lane }) => node === effect.holder.node && lane === effect.holder.lane,
        ) ?? A,
        {
          lease: effect,
          endsAt,
        },
      );
    }
  };
  let requests = 0;
  while (coveredAt === undefined && bench.now < LIMIT_MS) {
    bench.now += STEP_MS;
    take(bench.tick());
    for (const holder of holders) {
      const task = tasks.get(holder);
      if (task === undefined) {
        const ask = { kind: "ask", holder, request: ++requests, holds: [], rttMs: 20 } as const;
        take(bench.feed({ ...ask, now: bench.now }));
      } else if (bench.now >= task.endsAt) {
        tasks.delete(holder);
        take(bench.beat(holder, task.lease.lease, task.lease.to));
      } else take(bench.beat(holder, task.lease.lease, task.lease.from));
    }
    if (bench.desk.table.open.size === 0) searchedAt ??= bench.now;
  }
  return { bench, searchedAt, coveredAt };
}

describe("second searches", () => {
  it("are given up when nobody else is there, and the search ends", () => {
    const { bench, searchedAt, coveredAt } = searched(60, 100, [A, { node: A.node, lane: 1 }]);
    expect(bench.desk.table.open.size).equal(0);
    expect(bench.steps("repeat")).deep.equal([]);
    // Others may be on their way: three beats are waited for them.
    expect(Number(coveredAt) - Number(searchedAt)).within(6_000, 6_000 + 2 * STEP_MS);
  });

  it("reach every unit at 100 %, none by the node that searched it first", () => {
    for (const others of [[B], [B, C]]) {
      const { bench, coveredAt } = searched(300, 100, [A, ...others]);
      const { table } = bench.desk;
      expect(coveredAt).below(LIMIT_MS);
      expect(table.repeated).equal(300);
      for (const node of table.owners()) {
        const { first, repeated } = table.owned(node);
        for (const span of repeated) {
          const own = first.filter(({ from, to }) => from < span.to && span.from < to);
          expect(own, `of node ${node}`).deep.equal([]);
        }
      }
    }
  });

  it("are made by lanes that came too late for a first one", () => {
    const bench = new Bench(4, { redundancy: 100 });
    bench.finish(bench.lease(A), 0.01);
    expect(bench.lease(B)).deep.include({ from: 0, to: 4 });
  });

  it("reach the share that the order asks for and no more", () => {
    for (const redundancy of [1, 5, 33, 50]) {
      const { bench, coveredAt } = searched(400, redundancy, [A, B, C]);
      expect(bench.desk.table.repeated, `${redundancy} %`).equal(4 * redundancy);
      expect(coveredAt).below(LIMIT_MS);
    }
  });

  it("are of units that lie anywhere in a lease", () => {
    const { bench } = searched(2_000, 10, [A, B, C]);
    const { leases } = bench.desk.table;
    const begins = leases.filter(({ kind }) => kind === "grant").map(({ granted }) => granted.from);
    const repeats = leases.filter(({ kind }) => kind === "repeat");
    const inside = repeats.filter(({ granted }) => !begins.includes(granted.from));
    expect(inside.length).above(repeats.length / 2);
  });
});
