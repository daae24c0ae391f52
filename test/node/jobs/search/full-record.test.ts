import { expect } from "chai";
import { MAX_FINDS, MAX_ROUND_FINDS, type SearchFind } from "../../../../chain/types/search.ts";
import { searchSpec } from "../../../../chain/workload/search/search-of.ts";
import { unitAt } from "../../../../chain/workload/search/units.ts";
import { isRecordFull } from "../../../../node/jobs/search/full-record.ts";
import { LeaseTable } from "../../../../node/jobs/search/leases/lease-table.ts";
import { searchOrder } from "../../../helpers/search-run.ts";

const UNITS = 100;
const NODE = 3;
const SPEC = searchOrder("many finds", { mode: 1, to: 1000n + 100n * 64n });

/** The first nonce of a unit. */
function nonceIn(unit: number): bigint {
  return unitAt(searchSpec(SPEC), BigInt(unit)).from;
}

/** A find in each of so many units, of which the first ones are searched. */
function tableOf(finds: number, searched: number, from = 0): LeaseTable {
  const table = new LeaseTable({ open: [{ from: 0, to: UNITS }] });
  table.apply({ kind: "grant", lease: 1, node: NODE, lane: 0, from, to: UNITS });
  if (searched > 0) table.apply({ kind: "progress", lease: 1, to: from + searched });
  for (let unit = from; unit < from + finds; unit++) {
    table.apply({ kind: "find", node: NODE, nonce: nonceIn(unit) });
  }
  return table;
}

/** A job whose chain has a find in each of its first units. */
function jobWith(known: number): Parameters<typeof isRecordFull>[0] {
  const finds: SearchFind[] = Array.from({ length: known }, (_, unit) => ({
    nonce: nonceIn(unit),
    digest: new Uint8Array(32),
    node: NODE,
  }));
  const value = { open: [], finds, claimed: 0n, idleRounds: 0, tallies: [] };
  return { spec: SPEC, progress: { selector: 1, value } };
}

describe("the record of a round of a search", () => {
  it("is full with as many finds as it holds, of which one at least is of a searched unit", () => {
    expect(isRecordFull(jobWith(0), tableOf(MAX_ROUND_FINDS - 1, UNITS))).to.equal(false);
    expect(isRecordFull(jobWith(0), tableOf(MAX_ROUND_FINDS, 1))).to.equal(true);
    // Else rounds would end again and again before they have anything to record.
    expect(isRecordFull(jobWith(0), tableOf(MAX_ROUND_FINDS, 0))).to.equal(false);
  });

  it("does not count finds in units that nobody was given: their sender knew them before", () => {
    const table = new LeaseTable({ open: [{ from: 0, to: UNITS }] });
    table.apply({ kind: "grant", lease: 1, node: NODE, lane: 0, from: 0, to: 10 });
    table.apply({ kind: "progress", lease: 1, to: 5 });
    for (let unit = 0; unit < 2 * MAX_ROUND_FINDS; unit++) {
      expect(isRecordFull(jobWith(0), table), `${unit} finds`).to.equal(false);
      table.apply({ kind: "find", node: NODE, nonce: nonceIn(unit) });
    }
    table.apply({ kind: "grant", lease: 2, node: NODE, lane: 0, from: 10, to: MAX_ROUND_FINDS });
    expect(isRecordFull(jobWith(0), table)).to.equal(true);
  });

  it("does not count finds that an earlier record has", () => {
    expect(isRecordFull(jobWith(5), tableOf(MAX_ROUND_FINDS, UNITS))).to.equal(false);
    expect(isRecordFull(jobWith(5), tableOf(MAX_ROUND_FINDS + 5, UNITS))).to.equal(true);
  });

  it("is full with fewer where the job keeps no more", () => {
    const known = MAX_FINDS - 3;
    expect(isRecordFull(jobWith(known), tableOf(2, 5, known))).to.equal(false);
    expect(isRecordFull(jobWith(known), tableOf(3, 5, known))).to.equal(true);
  });
});
