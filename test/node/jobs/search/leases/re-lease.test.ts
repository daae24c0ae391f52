/** What becomes of leases that are late, and of copies. */
import { expect } from "chai";
import { A, B, Bench, C, leaseOf } from "./desk-bench.ts";

/** Before a lane's speed is known, its lease is late after three times ten seconds. */
const LATE_MS = 31_000;

const leasesIn = (effects: readonly { readonly kind: string }[]): number =>
  effects.filter(({ kind }) => kind === "lease").length;

describe("leases that are lost", () => {
  it("go to another node first: one that waits is served before anybody asks", () => {
    const bench = new Bench(4);
    const lost = bench.lease(A);
    expect([lost.from, lost.to]).deep.equal([0, 4]);
    bench.beat(A, lost.lease, 1);
    expect(leasesIn(bench.ask(B))).equal(0);
    bench.now += LATE_MS;
    // Both wait when it is cut; A has asked before B.
    bench.beat(A, lost.lease, 1);
    bench.beat(B, lost.lease, 0);
    const given = bench.tick().filter((effect) => effect.kind === "lease");
    expect(given.map(({ holder, from, to }) => [holder.node, from, to])).deep.equal([[2, 1, 4]]);
  });

  it("are not given back to their node while other units are free, although those lie behind", () => {
    const bench = new Bench(1_000);
    const lost = bench.lease(A);
    bench.now += LATE_MS;
    const ended = bench.tick().filter((effect) => effect.kind === "end");
    expect(ended.map(({ holder, to }) => [holder.node, to])).deep.equal([[1, 0]]);
    bench.now += LATE_MS;
    const next = bench.lease(A);
    expect(next.from).equal(lost.to);
    expect(bench.lease(B).from).equal(lost.from);
  });

  it("are given back to their node when nothing else is free", () => {
    const bench = new Bench(8);
    const lost = bench.lease(A);
    bench.finish(bench.lease(B), 0.01);
    bench.now += LATE_MS;
    bench.tick();
    bench.now += LATE_MS;
    expect(bench.lease(A)).deep.include({ from: lost.from, to: lost.to });
  });

  it("count to the end for a holder that was only slow, if nobody was given them since", () => {
    const bench = new Bench(8);
    const lost = bench.lease(A);
    bench.now += LATE_MS;
    bench.tick();
    const answers = bench.beat(A, lost.lease, lost.to);
    expect(answers.filter(({ kind }) => kind === "stale")).deep.equal([]);
    expect(bench.desk.table.owned(A.node).first).deep.equal([{ from: lost.from, to: lost.to }]);
  });

  it("make a node that searched nothing of them wait, and say so", () => {
    const bench = new Bench(1_000);
    bench.lease(A);
    bench.now += LATE_MS;
    bench.tick();
    const [wait] = bench.ask(A);
    expect(wait).deep.include({ kind: "wait", reason: { code: "RESTING" } });
  });
});

describe("copies near the end", () => {
  /** A has one lease more; B, of the same speed, has searched all the rest, and copies the upper half of it. */
  function copied(): {
    bench: Bench;
    last: ReturnType<Bench["lease"]>;
    copy: ReturnType<Bench["lease"]>;
  } {
    const bench = new Bench(38);
    const [first, second] = [bench.lease(A), bench.lease(B)];
    bench.now += 400;
    bench.beat(A, first.lease, first.to);
    bench.beat(B, second.lease, second.to);
    const last = leaseOf([...bench.ask(A), ...bench.ask(A)]);
    const rest: number[] = [];
    for (let copy = leaseOf(bench.ask(B)); ; copy = leaseOf(bench.ask(B, rest))) {
      const { kind } = bench.desk.table.lease(copy.lease) ?? {};
      if (kind === "race") return { bench, last, copy };
      bench.finish(copy, 0.01);
      rest.push(copy.lease);
    }
  }

  it("end at once when the lease that they copy was searched first", () => {
    const { bench, last, copy } = copied();
    bench.now += 10;
    const effects = bench.beat(A, last.lease, last.to);
    const ends = effects.filter((effect) => effect.kind === "end");
    expect(ends).deep.equal([{ kind: "end", holder: B, lease: copy.lease, to: copy.from }]);
    expect(bench.desk.table.lease(copy.lease)?.isOver).equal(true);
  });

  it("cut the lease that they copy when they were searched first", () => {
    const { bench, last, copy } = copied();
    bench.now += 10;
    const effects = bench.beat(B, copy.lease, copy.to);
    const ends = effects.filter((effect) => effect.kind === "end");
    expect(ends).deep.equal([{ kind: "end", holder: A, lease: last.lease, to: copy.from }]);
    expect(bench.desk.table.ownedWithin(B.node, copy).first).deep.equal([
      { from: copy.from, to: copy.to },
    ]);
  });

  it("are given of all that is left by a holder that should have ended, before it has missed its beats", () => {
    const { bench, last, copy } = copied();
    const diedAt = bench.now;
    bench.beat(A, last.lease, last.from);
    bench.finish(copy, 0.01);
    while (bench.desk.table.open.size > 0 && bench.now < diedAt + 3_000) {
      const [answer] = bench.ask(B, [], 200).filter((effect) => effect.kind === "lease");
      if (answer === undefined) bench.now += 50;
      else bench.finish(answer, 0.01);
    }
    expect(bench.desk.table.open.size).equal(0);
  });

  it("end the lease that they copy when its holder has said that it searched the rest", () => {
    const { bench, last, copy } = copied();
    bench.beat(A, last.lease, copy.from + 1);
    bench.finish(copy, 0.01);
    expect(bench.desk.table.lease(last.lease)?.isOver).equal(true);
    expect(bench.desk.table.open.size).equal(0);
  });

  it("are not given to the node that holds the lease", () => {
    const { bench } = copied();
    expect(leasesIn(bench.ask({ node: A.node, lane: 1 }))).equal(0);
    expect(leasesIn(bench.ask(C))).equal(0);
  });
});
