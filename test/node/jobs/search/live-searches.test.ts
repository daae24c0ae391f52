import { expect } from "chai";
import { LeaseTable } from "../../../../node/jobs/search/leases/lease-table.ts";
import type { LeaseStep } from "../../../../node/jobs/search/leases/step.ts";
import type { LiveSearch } from "../../../../node/jobs/search/live-search.ts";
import { LiveSearches, liveOfTable, workOf } from "../../../../node/jobs/search/live-searches.ts";
import { UnitSpeeds } from "../../../../node/jobs/search/unit-speeds.ts";

const OPEN = [
  { from: 0, to: 40 },
  { from: 60, to: 100 },
];
const STEPS: readonly LeaseStep[] = [
  { kind: "grant", lease: 1, node: 3, lane: 0, from: 0, to: 30 },
  { kind: "grant", lease: 2, node: 7, lane: 1, from: 60, to: 80 },
  { kind: "progress", lease: 1, to: 10 },
  { kind: "progress", lease: 2, to: 80 },
  { kind: "cut", lease: 1, to: 20 },
  { kind: "part", lease: 1, node: 3, lane: 0, from: 20, to: 25 },
  { kind: "repeat", lease: 3, node: 3, lane: 0, from: 60, to: 70 },
  { kind: "progress", lease: 3, to: 65 },
];

describe("live searches", () => {
  it("show of a round what is searched and what is leased, and whose it is", () => {
    const table = new LeaseTable({ open: OPEN });
    const work = STEPS.map((step) => {
      const done = workOf(step, table);
      table.apply(step);
      return done;
    });
    expect(work.flatMap((one) => (one === undefined ? [] : [[one.node, one.units]]))).deep.equal([
      [3, 10],
      [7, 20],
      [3, 5],
      [3, 5],
    ]);
    const live = liveOfTable(table, OPEN, (node) => node / 2);
    expect(live).deep.equal({
      seenBy: "team",
      searched: [
        { from: 0, to: 10 },
        { from: 20, to: 25 },
        { from: 60, to: 80 },
      ],
      leased: [{ from: 10, to: 20 }],
      nodes: [
        { node: 3, units: 20, unitsPerSecond: 1.5 },
        { node: 7, units: 20, unitsPerSecond: 3.5 },
      ],
    });
  });

  it("are seen by the team, or else by the participant, or else by nobody", () => {
    const searches = new LiveSearches();
    const round = { id: new Uint8Array(32).fill(5), round: 2 };
    const seen = (seenBy: LiveSearch["seenBy"]): LiveSearch => {
      return { seenBy, searched: [], leased: [], nodes: [] };
    };
    expect(searches.of(round)).equal(undefined);
    const ends = [
      searches.watch(round, { live: () => seen("participant") }),
      searches.watch(round, { live: () => seen("team") }),
    ];
    expect(searches.of(round)?.seenBy).equal("team");
    expect(searches.of({ ...round, round: 3 })).equal(undefined);
    ends[1]?.();
    expect(searches.of(round)?.seenBy).equal("participant");
    ends[0]?.();
    expect(searches.of(round)).equal(undefined);
  });
});

describe("speeds of units", () => {
  it("are of the last 20 seconds, and fall when nothing comes", () => {
    const speeds = new UnitSpeeds();
    for (let at = 0; at < 60_000; at += 500) speeds.add(1, 4, at);
    expect(speeds.of(1, 60_000)).closeTo(8, 0.5);
    expect(speeds.of(1, 70_000)).closeTo(4, 0.5);
    expect(speeds.of(1, 90_000)).equal(0);
    expect(speeds.of(2, 60_000)).equal(0);
  });

  it("are of the time since the round began at first, and never of less than a second", () => {
    const speeds = new UnitSpeeds();
    speeds.add(1, 10, 0);
    expect(speeds.of(1, 0)).equal(10);
    expect(speeds.of(1, 5_000)).equal(2);
  });
});
