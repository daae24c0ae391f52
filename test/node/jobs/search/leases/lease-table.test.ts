import { expect } from "chai";
import { LeaseTable } from "../../../../../node/jobs/search/leases/lease-table.ts";
import { randomHistory } from "../../../../sim/search/histories.ts";

/** `npm run sim -- search` runs 100,000. */
const HISTORIES = 5_000;
const WHOLE = [{ from: 0, to: 100 }];
const A = { node: 1, lane: 0 };
const B = { node: 2, lane: 0 };

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { facts: { reason: string } }).facts.reason;
  }
  return "none";
}

describe("lease table", function () {
  this.timeout(60_000);

  it("counts every unit once, whatever is granted, lost, claimed late or taken over", () => {
    let taken = 0;
    let covered = 0;
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const history = randomHistory(seed);
      expect(history.findings, `history ${seed}`).deep.equal([]);
      taken += history.taken;
      covered += Number(history.isCovered);
    }
    expect(taken).above(5 * HISTORIES);
    expect(covered).above(HISTORIES / 4);
  });

  it("refuses to lease units twice, out of order, or to their holder", () => {
    const table = new LeaseTable({ open: WHOLE });
    table.apply({ kind: "grant", lease: 1, ...A, from: 0, to: 50 });
    const grant = { kind: "grant", ...B } as const;
    expect(refusal(() => table.apply({ ...grant, lease: 2, from: 49, to: 60 }))).equal("NOT_FREE");
    expect(refusal(() => table.apply({ ...grant, lease: 3, from: 50, to: 60 }))).equal(
      "WRONG_NUMBER",
    );
    expect(refusal(() => table.apply({ ...grant, lease: 2, from: 90, to: 101 }))).equal("NOT_FREE");
    const race = { kind: "race", lease: 2, from: 40, to: 50 } as const;
    expect(refusal(() => table.apply({ ...race, ...A }))).equal("OWN_UNITS");
    expect(refusal(() => table.apply({ ...race, ...B, to: 60 }))).equal("NOT_HELD");
    table.apply({ kind: "progress", lease: 1, to: 20 });
    expect(refusal(() => table.apply({ kind: "cut", lease: 1, to: 19 }))).equal("OUTSIDE");
    expect(refusal(() => table.apply({ kind: "progress", lease: 1, to: 20 }))).equal("OUTSIDE");
    expect(refusal(() => table.apply({ kind: "progress", lease: 9, to: 20 }))).equal(
      "UNKNOWN_LEASE",
    );
    table.apply({ kind: "close" });
    expect(refusal(() => table.apply({ ...grant, lease: 2, from: 50, to: 60 }))).equal("CLOSED");
  });

  it("resumes a lost lease at the last unit that is on the log, and takes late results", () => {
    const table = new LeaseTable({ open: WHOLE });
    table.apply({ kind: "grant", lease: 1, ...A, from: 0, to: 40 });
    table.apply({ kind: "progress", lease: 1, to: 10 });
    table.apply({ kind: "cut", lease: 1, to: 10 });
    expect([...table.open.freePieces()]).deep.equal([
      { from: 10, to: 40, lease: 0, lostBy: A.node },
      { from: 40, to: 100, lease: 0, lostBy: -1 },
    ]);
    table.apply({ kind: "grant", lease: 2, ...B, from: 20, to: 40 });
    const won = table.apply({ kind: "part", lease: 1, ...A, from: 10, to: 40 });
    expect(won.map(({ from, to }) => [from, to])).deep.equal([[10, 20]]);
    expect(table.owned(A.node).first).deep.equal([{ from: 0, to: 20 }]);
    expect(refusal(() => table.apply({ kind: "part", lease: 1, ...A, from: 10, to: 40 }))).equal(
      "NOTHING_NEW",
    );
  });

  it("gives a copied unit to the node that reports it first, and a repeated one to both", () => {
    const table = new LeaseTable({ open: WHOLE });
    table.apply({ kind: "grant", lease: 1, ...A, from: 0, to: 100 });
    table.apply({ kind: "race", lease: 2, ...B, from: 50, to: 100 });
    table.apply({ kind: "progress", lease: 2, to: 70 });
    table.apply({ kind: "progress", lease: 1, to: 100 });
    expect(table.open.size).equal(0);
    expect(table.owned(A.node).first).deep.equal([
      { from: 0, to: 50 },
      { from: 70, to: 100 },
    ]);
    const repeat = { kind: "repeat", lease: 3, from: 80, to: 90 } as const;
    expect(refusal(() => table.apply({ ...repeat, ...A }))).equal("OWN_UNITS");
    table.apply({ ...repeat, ...B });
    table.apply({ kind: "progress", lease: 3, to: 90 });
    expect(table.owned(B.node)).deep.equal({
      first: [{ from: 50, to: 70 }],
      repeated: [{ from: 80, to: 90 }],
    });
    const again = { kind: "repeat", lease: 4, node: 3, lane: 0, from: 85, to: 95 } as const;
    expect(refusal(() => table.apply(again))).equal("REPEATED");
  });
});
