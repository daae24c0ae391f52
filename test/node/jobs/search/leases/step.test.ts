import { expect } from "chai";
import { LEASE_ENTRIES, LeaseEntry } from "../../../../../chain/types/lease.ts";
import { ZERO_HASH } from "../../../../../chain/types/primitive.ts";
import { overlap, spansOf, without } from "../../../../../node/jobs/search/leases/span.ts";
import { fieldsOf, type LeaseStep, stepOf } from "../../../../../node/jobs/search/leases/step.ts";

const HOLDER = { node: 5, lane: 2 };
const FRAME = {
  job: ZERO_HASH,
  round: 1,
  view: 0,
  sequence: 1,
  previous: ZERO_HASH,
  manager: 3,
  at: 0n,
};
const STEPS: readonly LeaseStep[] = [
  { kind: "grant", lease: 1, ...HOLDER, from: 0, to: 2 ** 50 },
  { kind: "race", lease: 2, ...HOLDER, from: 3, to: 4 },
  { kind: "repeat", lease: 3, ...HOLDER, from: 3, to: 4 },
  { kind: "progress", lease: 1, to: 7 },
  { kind: "part", lease: 1, ...HOLDER, from: 8, to: 9 },
  { kind: "pass", lease: 4, ...HOLDER, from: 9, to: 12 },
  { kind: "cut", lease: 1, to: 20 },
  { kind: "find", node: 5, nonce: 2n ** 64n - 1n },
  { kind: "takeover" },
  { kind: "close" },
  { kind: "turn" },
  { kind: "begin" },
];

describe("steps of the lease log", () => {
  it("come back from the bytes of an entry as they went in, all kinds of them", () => {
    expect(STEPS.map(({ kind }) => kind)).deep.equal([...LEASE_ENTRIES]);
    for (const step of STEPS) {
      const bytes = LeaseEntry.serialize({ ...FRAME, ...fieldsOf(step) });
      expect(stepOf(LeaseEntry.deserialize(bytes))).deep.equal(step);
    }
  });

  it("name no units past 2^53", () => {
    const entry = { ...FRAME, ...fieldsOf({ kind: "cut", lease: 1, to: 1 }), to: 2n ** 53n };
    expect(() => stepOf(entry)).throw(RangeError);
  });

  it("reckon with sets of units", () => {
    const set = spansOf([
      { from: 8, to: 9 },
      { from: 0, to: 3 },
      { from: 2, to: 5 },
      { from: 9, to: 9 },
    ]);
    expect(set).deep.equal([
      { from: 0, to: 5 },
      { from: 8, to: 9 },
    ]);
    const hole = [{ from: 1, to: 2 }];
    expect(without(set, hole)).deep.equal([
      { from: 0, to: 1 },
      { from: 2, to: 5 },
      { from: 8, to: 9 },
    ]);
    expect(overlap(set, [{ from: 4, to: 20 }])).deep.equal([
      { from: 4, to: 5 },
      { from: 8, to: 9 },
    ]);
  });
});
