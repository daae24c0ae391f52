/** POML_SIM_SEEDS sets the seeds per campaign (default 60); `npm run test:sim` runs ten thousand in all. */
import { expect } from "chai";
import * as campaigns from "./campaigns.ts";
import { type Outcome, simulate } from "./consensus.ts";
import { runSteadyHeight } from "./steady-height.ts";

const SEEDS = Number(process.env.POML_SIM_SEEDS ?? 60);

interface Run extends Outcome {
  readonly seed: number;
}

/** @param share of the seeds, for campaigns whose runs take long */
function runAll(campaign: campaigns.Campaign, share = 1): Run[] {
  return Array.from({ length: Math.ceil(SEEDS * share) }, (_, index) => {
    const seed = index + 1;
    try {
      return { seed, ...simulate(campaign(seed)) };
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  });
}

const seedsOf = (runs: readonly Run[]): number[] => runs.map((run) => run.seed);

describe("simulated consensus", function () {
  this.timeout(30_000 + 600 * SEEDS);

  function expectSafeAndLive(runs: readonly Run[]): void {
    expect(seedsOf(runs.filter((run) => run.conflicts > 0)), "seeds that forked").to.deep.equal([]);
    expect(seedsOf(runs.filter((run) => run.isStuck)), "seeds that stalled").to.deep.equal([]);
  }

  it("is the same run for the same seed", () => {
    const run = (): Outcome => simulate(campaigns.faulty(7));
    expect(run()).to.deep.equal(run());
  });

  it("agrees and goes on with honest nodes on a bad network", () => {
    expectSafeAndLive(runAll(campaigns.honest));
  });

  it("agrees and goes on when nodes crash around their signatures", () => {
    const runs = runAll(campaigns.crashing);
    expectSafeAndLive(runs);
    expect(runs.some((run) => run.crashes > 0)).to.equal(true);
  });

  it("agrees and goes on after long disorder", () => {
    expectSafeAndLive(runAll(campaigns.disordered));
  });

  it("agrees with a node that decided alone, by the locks of the others", () => {
    const runs = runAll(campaigns.lonelyDecision);
    expectSafeAndLive(runs);
    expect(runs.some((run) => run.decidedBeforeGst > 0)).to.equal(true);
  });

  it("stands still while split two to two, then goes on", () => {
    const runs = runAll(campaigns.partitionedEvenly);
    expectSafeAndLive(runs);
    expect(runs.every((run) => run.decidedBeforeGst === 0)).to.equal(true);
  });

  it("goes on with three of four, and the fourth catches up", () => {
    const runs = runAll(campaigns.partitionedUnevenly);
    expectSafeAndLive(runs);
    expect(runs.every((run) => run.decidedBeforeGst > 0)).to.equal(true);
  });

  it("tolerates any faults of less than 1/3 of the weight, and convicts only the faulty", () => {
    const runs = runAll(campaigns.faulty);
    expectSafeAndLive(runs);
    expect(runs.some((run) => run.convicted > 0)).to.equal(true);
  });

  it("tolerates two-faced seats of just under 1/3 between two cut halves", () => {
    const runs = runAll(campaigns.twoFaced);
    expectSafeAndLive(runs);
    expect(runs.some((run) => run.convicted > 0)).to.equal(true);
  });

  it("tolerates wrong clocks: a node whose clock is far off proposes in vain, but votes", () => {
    expectSafeAndLive(runAll(campaigns.skewed));
  });

  it("agrees with up to sixteen seats", () => {
    expectSafeAndLive(runAll(campaigns.many, 0.05));
  });

  it("convicts every seat that contradicts itself, and nobody else", () => {
    const runs = runAll(campaigns.equivocating);
    expectSafeAndLive(runs);
    const faulty = ({ seed }: Run) => campaigns.equivocating(seed).faults.size;
    expect(seedsOf(runs.filter((run) => run.convicted !== faulty(run)))).to.deep.equal([]);
    expect(runs.some((run) => run.convicted > 1)).to.equal(true);
  });

  describe("passes the seeds that stalled before", () => {
    const stalled: readonly [string, campaigns.Campaign, readonly number[]][] = [
      ["nodes kept just two votes of an equivocating seat", campaigns.faulty, [412, 864, 1122]],
      ["a restarted node forgot the polka of its lock", campaigns.disordered, [402]],
      ["nobody showed the old polka a proposal refers to", campaigns.crashing, [875, 1368]],
      ["only an unlocked node still had the locked block", campaigns.crashing, [1478]],
    ];
    for (const [reason, campaign, seeds] of stalled) {
      it(`because ${reason}`, () => {
        for (const seed of seeds) {
          expect(simulate(campaign(seed))).to.include({ isStuck: false, conflicts: 0 });
        }
      });
    }
  });

  it("forks with 40 % two-faced: the check for forks can fail", () => {
    const runs = runAll(campaigns.overwhelming);
    expect(runs.filter((run) => run.conflicts > 0)).not.to.deep.equal([]);
  });

  it("stalls when nodes never ask each other: the check for stalls can fail", () => {
    const runs = runAll(campaigns.incommunicative);
    expect(runs.filter((run) => run.isStuck)).not.to.deep.equal([]);
    expect(runs.every((run) => run.conflicts === 0)).to.equal(true);
  });
});

describe("a height without faults", () => {
  it("is decided by every seat, and costs a node no more than a few events a seat", () => {
    for (const seats of [1, 4, 31, 100]) {
      const { events, commits } = runSteadyHeight(Array.from({ length: seats }, () => 10n));
      expect(commits).to.equal(seats);
      // The start, the proposal, and two votes of each.
      expect(events / seats).to.equal(2 + 2 * seats);
    }
  });
});
