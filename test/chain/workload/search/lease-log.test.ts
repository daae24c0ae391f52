import { expect } from "chai";
import { LEASE_ENTRIES, LeaseEntry, type LeaseEntryKind } from "../../../../chain/types/lease.ts";
import { ZERO_HASH } from "../../../../chain/types/primitive.ts";
import {
  contradicts,
  followsEntry,
  isUsurped,
  leaseEntryKind,
  leaseManagerOf,
  leaseRoot,
  leaseSigningRoot,
} from "../../../../chain/workload/search/lease-log.ts";

const TEAM = [7, 3, 9];
const FIRST: LeaseEntry = {
  job: new Uint8Array(32).fill(1),
  round: 1,
  view: 0,
  sequence: 1,
  previous: ZERO_HASH,
  manager: 7,
  kind: kindOf("grant"),
  lease: 1,
  node: 4,
  lane: 0,
  from: 0n,
  to: 16n,
  at: 12n,
};

function kindOf(kind: LeaseEntryKind): number {
  return LEASE_ENTRIES.indexOf(kind);
}

function nextOf(before: LeaseEntry, changes: Partial<LeaseEntry> = {}): LeaseEntry {
  const { sequence } = before;
  return { ...before, sequence: sequence + 1, previous: leaseRoot(before), ...changes };
}

describe("lease log", () => {
  it("is a chain: each entry names the one before, and none is left out", () => {
    const second = nextOf(FIRST, { kind: kindOf("progress"), to: 3n });
    expect(followsEntry(undefined, FIRST)).equal(true);
    expect(followsEntry(FIRST, second)).equal(true);
    expect(followsEntry(undefined, second)).equal(false);
    expect(followsEntry(FIRST, nextOf(second))).equal(false);
    expect(followsEntry({ ...FIRST, to: 17n }, second)).equal(false);
    expect(followsEntry(FIRST, { ...second, round: 2 })).equal(false);
    expect(followsEntry(FIRST, { ...second, job: ZERO_HASH })).equal(false);
    expect(followsEntry(FIRST, { ...second, manager: 3 })).equal(false);
    expect(followsEntry(undefined, { ...FIRST, previous: leaseRoot(FIRST) })).equal(false);
  });

  it("enters a higher view by a takeover, and by nothing else", () => {
    const takeover = { kind: kindOf("takeover"), view: 1, manager: 3 };
    expect(followsEntry(FIRST, nextOf(FIRST, takeover))).equal(true);
    expect(followsEntry(FIRST, nextOf(FIRST, { ...takeover, kind: 0 }))).equal(false);
    expect(followsEntry(FIRST, nextOf(FIRST, { kind: kindOf("takeover") }))).equal(false);
    const third = nextOf(nextOf(FIRST, takeover), { kind: kindOf("close") });
    expect(followsEntry(third, nextOf(third, { view: 0 }))).equal(false);
    expect(followsEntry(undefined, { ...FIRST, ...takeover })).equal(true);
    expect(followsEntry(undefined, { ...FIRST, view: 1 })).equal(false);
    expect(followsEntry(undefined, { ...FIRST, kind: kindOf("takeover") })).equal(false);
  });

  it("gives each view to one member, in drawn order, another first each round", () => {
    expect([0, 1, 2, 3].map((view) => leaseManagerOf(TEAM, 1, view))).deep.equal([7, 3, 9, 7]);
    expect([1, 2, 3, 4].map((round) => leaseManagerOf(TEAM, round, 0))).deep.equal([7, 3, 9, 7]);
    expect(() => leaseManagerOf([], 1, 0)).throw(RangeError);
    expect(isUsurped(FIRST, TEAM)).equal(false);
    expect(isUsurped({ ...FIRST, manager: 3 }, TEAM)).equal(true);
    expect(isUsurped({ ...FIRST, view: 1 }, TEAM)).equal(true);
  });

  it("shows two entries that no honest manager signs both", () => {
    const second = nextOf(FIRST);
    expect(contradicts(second, { ...second, to: 17n })).equal(true);
    expect(contradicts(second, { ...second, previous: ZERO_HASH })).equal(true);
    expect(contradicts(second, { ...second })).equal(false);
    expect(contradicts(FIRST, second)).equal(false);
    for (const other of [{ view: 3 }, { round: 2 }, { manager: 3 }, { job: ZERO_HASH }]) {
      expect(contradicts(second, { ...second, ...other })).equal(false);
    }
    const takeover = nextOf(FIRST, { view: 1, manager: 3, kind: kindOf("takeover") });
    expect(contradicts(takeover, nextOf(second, { ...takeover, sequence: 3 }))).equal(true);
  });

  it("signs for one chain alone, and what travels is what was signed", () => {
    const decoded = LeaseEntry.deserialize(LeaseEntry.serialize(FIRST));
    expect(leaseRoot(decoded)).deep.equal(leaseRoot(FIRST));
    const [here, there] = [1, 2].map((fill) =>
      leaseSigningRoot(new Uint8Array(32).fill(fill), FIRST),
    );
    expect(here).not.deep.equal(there);
    expect(leaseEntryKind(FIRST)).equal("grant");
    expect(() => leaseEntryKind({ kind: LEASE_ENTRIES.length })).throw(RangeError);
  });
});
