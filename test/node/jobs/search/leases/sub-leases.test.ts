import { expect } from "chai";
import { SubLeases } from "../../../../../node/jobs/search/leases/sub-leases.ts";

describe("leases of a sub-manager", () => {
  it("have the names of the manager above when the parent is gone, and of the one above that", () => {
    const leases = new SubLeases();
    const parents = [[{ lease: 7, from: 0, to: 20 }], [{ lease: 9, from: 0, to: 30 }]];
    leases.add({ lease: 3, from: 0, to: 10 }, parents);
    expect(leases.named({ from: 2, to: 40 })).deep.equal([{ lease: 3, from: 2, to: 10 }]);
    expect(leases.ofParent).deep.equal([3]);
    expect(leases.moveUp()).deep.equal([]);
    expect(leases.ofParent).deep.equal([]);
    expect(leases.all.map(({ lease, isOrphan, level }) => [lease, isOrphan, level])).deep.equal([
      [7, true, 1],
    ]);
    leases.moveUp();
    expect(leases.named({ from: 0, to: 4 }).map(({ lease }) => lease)).deep.equal([9]);
  });

  it("wait for the manager that knows them where the next one does not, and are lost where none does", () => {
    const leases = new SubLeases();
    leases.add({ lease: 3, from: 0, to: 10 }, [[], [{ lease: 9, from: 0, to: 6 }]]);
    expect(leases.moveUp()).deep.equal([]);
    expect(leases.named({ from: 0, to: 10 })).deep.equal([]);
    expect(leases.moveUp()).deep.equal([{ from: 6, to: 10 }]);
    expect(leases.named({ from: 0, to: 10 })).deep.equal([{ lease: 9, from: 0, to: 6 }]);
    const bare = new SubLeases();
    bare.add({ lease: 3, from: 0, to: 10 }, []);
    expect(bare.moveUp()).deep.equal([{ from: 0, to: 10 }]);
    expect(bare.all).deep.equal([]);
  });

  it("tell a child what each manager above calls its units, also after the parent was given up", () => {
    const leases = new SubLeases();
    leases.add({ lease: 3, from: 0, to: 10 }, [[{ lease: 7, from: 0, to: 10 }]]);
    const own = { from: 4, to: 6 };
    expect(leases.ancestryOf(own)).deep.equal([[{ lease: 3, ...own }], [{ lease: 7, ...own }]]);
    leases.moveUp();
    leases.add({ lease: 8, from: 10, to: 20 }, []);
    // To a child the parent is still in its place: there nobody knows what came from above it.
    expect(leases.ancestryOf({ from: 8, to: 12 })).deep.equal([
      [],
      [
        { lease: 7, from: 8, to: 10 },
        { lease: 8, from: 10, to: 12 },
      ],
    ]);
    expect(leases.parts({ from: 8, to: 12 })).deep.equal([
      { lease: 7, from: 8, to: 10, level: 1 },
      { lease: 8, from: 10, to: 12, level: 1 },
    ]);
  });

  it("belong to the newest where units were lost above and are given again", () => {
    const leases = new SubLeases();
    leases.add({ lease: 3, from: 0, to: 10 }, []);
    leases.add({ lease: 5, from: 4, to: 8 }, []);
    expect(leases.named({ from: 0, to: 10 })).deep.equal([
      { lease: 3, from: 0, to: 4 },
      { lease: 3, from: 8, to: 10 },
      { lease: 5, from: 4, to: 8 },
    ]);
  });
});
