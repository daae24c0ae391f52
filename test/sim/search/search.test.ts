/** Simulated searches, a few seeds; `npm run sim -- search --seeds N` runs more. */
import { expect } from "chai";
import { compare } from "./compare.ts";
import { simulateFleet } from "./fleet.ts";
import { DEEP_PLAN, KILLED_PLAN, killEverywhere } from "./main.ts";
import { modeFindings } from "./modes.ts";
import { simulateWorld } from "./world.ts";

const SMALL = {
  seed: 3,
  units: 150,
  team: 3,
  lanes: [2, 2, 2],
  rate: 0.005,
  redundancy: 0,
  mode: "all",
  target: 0,
} as const;

describe("simulated searches", function () {
  this.timeout(120_000);

  it("keep lanes of very different speed busy while some die, and search all once", () => {
    const fleet = { fastest: 1_000, rttMs: [5, 300], churn: 0.05 } as const;
    const result = simulateFleet({ ...fleet, seed: 1, lanes: 60, bareMs: 120_000 });
    expect(result.isCovered).equal(true);
    expect(result.efficiency).above(0.9);
    expect(result.longestIdleMs).below(2_000);
    expect(result.typicalLeaseMs).within(8_000, 25_000);
  });

  it("cover the whole range, and lose two leases at most, wherever a manager, sub-manager or worker dies", () => {
    for (const [units, stride] of [
      [600, 293],
      [150, 83],
    ] as const) {
      const { findings, kills } = killEverywhere(stride, 13, { ...SMALL, units });
      expect(findings).deep.equal([]);
      expect(kills).above(10);
    }
  });

  it("do the same in a tree of four levels", () => {
    const { findings, kills } = killEverywhere(2_501, 643, DEEP_PLAN);
    expect(findings).deep.equal([]);
    expect(kills).above(5);
  });

  it("lose at most a lease when the manager dies while leases still grow", () => {
    const calm = simulateWorld(KILLED_PLAN);
    for (const point of [395, 578]) {
      const killed = simulateWorld({ ...KILLED_PLAN, kill: { role: "manager", point } });
      expect(killed.findings).deep.equal([]);
      expect(killed.extra - calm.extra, `at ${point}`).at.most(calm.largest);
      expect(killed.tookMs - calm.tookMs, `at ${point}`).below(10_000);
    }
  });

  it("lose at most a lease when one of five devices dies", () => {
    // Long enough for leases of full size: those of a shorter one are still growing, and its copies weigh as much.
    const plan = { ...SMALL, lanes: [5], units: 3_000, rate: 0.01 };
    const calm = simulateWorld(plan);
    for (const point of [2_500, 4_900]) {
      const { extra, largest, findings } = simulateWorld({
        ...plan,
        kill: { role: "worker", point },
      });
      expect(findings).deep.equal([]);
      expect(extra - calm.extra).at.most(largest);
    }
  });

  it("find what looking at every unit in turn finds, or nothing, and say so with all covered", () => {
    for (let seed = 1; seed <= 14; seed++)
      expect(modeFindings(seed), `seed ${seed}`).deep.equal([]);
  });

  it("have a share searched a second time by others when the order asks for it", () => {
    const { findings, open } = simulateWorld({ ...SMALL, redundancy: 20 });
    expect(findings).deep.equal([]);
    expect(open).equal(0);
  });

  it("lose less than static chunks when a lane dies each minute", () => {
    const { leases, chunks } = compare(1, true, 1);
    expect(leases.isCovered && chunks.isCovered).equal(true);
    expect(leases.tookMs).below(chunks.tookMs / 2);
    expect(leases.wasted).below(0.02);
  });
});
