/**
 * Whole searches of many nodes in one process, with faults from seeds. POML_SEARCH_SEEDS sets how many (default 10);
 * `npm run sim -- searches --seed N` tells what happens in one of them.
 */
import { expect } from "chai";
import { searchProgress, searchSpec } from "../../../../chain/workload/search/search-of.ts";
import { unitCount, unitOf } from "../../../../chain/workload/search/units.ts";
import { fingerprintOf } from "../invariants.ts";
import type { Lie } from "../lies.ts";
import type { JobPlan } from "../plan.ts";
import { simulateJob } from "../simulation.ts";
import { busyShare, isDone, searchFindings } from "./invariants.ts";
import { disturbedLongSearch, disturbedSearch, longSearch, quietSearch } from "./plan.ts";

const SEEDS = Number(process.env.POML_SEARCH_SEEDS ?? 10);
const SOME = [2, 6, 7, 8];
/** Of mode first, with a find long before the end. */
const FOUND_EARLY = [9, 18, 39];
/** Of one node. */
const LANES = 2;

function lying(seed: number, lie: Lie, node: number): JobPlan {
  return { ...quietSearch(seed), lies: new Map([[node, lie]]) };
}

describe("simulated searches", function () {
  this.timeout(120_000 + 10_000 * SEEDS);

  it("are the same run for the same seed", async () => {
    const run = async (): Promise<string> => fingerprintOf(await simulateJob(disturbedSearch(6)));
    expect(await run()).to.equal(await run());
  });

  it("end without faults in what there is to find, and hash nothing twice for nothing", async () => {
    for (const seed of SOME) {
      const outcome = await simulateJob(quietSearch(seed));
      expect(searchFindings(outcome), `seed ${seed}`).to.deep.equal([]);
      expect(isDone(outcome.end), `seed ${seed}: ${outcome.end}`).to.equal(true);
    }
  });

  it("claim all whole units of a search that a find ends, that of the find too, and commit at once", async () => {
    for (const seed of FOUND_EARLY) {
      let foundAt: number | undefined;
      const commits: number[] = [];
      const { plan, job, records, nodes, end } = await simulateJob(quietSearch(seed), (told) => {
        if (told.message.includes("a search has a find")) foundAt ??= told.at;
        if (told.message.includes("search committed")) commits.push(told.at - (foundAt ?? 0));
      });
      expect(end, `seed ${seed}`).to.equal("target");
      expect(records).to.have.lengthOf(1);
      expect(commits).to.have.lengthOf(plan.spec.participants);
      expect(Math.max(...commits), `seed ${seed}: ms of virtual time`).to.be.below(1_000);
      for (const { node, units } of records[0]?.contributions ?? []) {
        // Each lane has begun one that it did not end.
        const whole = (nodes[node]?.searched.length ?? 0) - LANES;
        expect(units, `seed ${seed}, node ${node}`).to.be.at.least(whole);
      }
      const search = searchSpec(plan.spec);
      const { open, finds } = searchProgress(job ?? expect.fail("no job"));
      const unit = unitOf(search, finds[0]?.nonce ?? 0n) ?? expect.fail("no find");
      expect(open.some(({ from, to }) => from <= unit && unit < to)).to.equal(false);
    }
  });

  it("keep their lanes busy over several rounds, pay each unit once, and leave none out", async () => {
    const outcome = await simulateJob(longSearch(1));
    const { records, end, plan } = outcome;
    expect(searchFindings(outcome)).to.deep.equal([]);
    expect(end).to.equal("complete");
    expect(records.length).to.be.within(3, 5);
    const claimed = records.flatMap(({ contributions }) => contributions.map(({ units }) => units));
    const units = claimed.reduce((sum, one) => sum + one, 0);
    expect(BigInt(units)).to.equal(unitCount(searchSpec(plan.spec)));
    // 0.77 when lanes waited until a round was recorded.
    expect(busyShare(outcome)).to.be.at.least(0.9);
  });

  it("pay each unit once when nodes die at any time of a round", async () => {
    for (const seed of [3, 4]) {
      const outcome = await simulateJob(disturbedLongSearch(seed));
      expect(searchFindings(outcome), `seed ${seed}`).to.deep.equal([]);
      expect(isDone(outcome.end), `seed ${seed}: ${outcome.end}`).to.equal(true);
    }
  });

  it("keep money, finds and the honest safe whatever goes wrong, and end", async () => {
    let done = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = await simulateJob(disturbedSearch(seed));
      expect(searchFindings(outcome), `seed ${seed}`).to.deep.equal([]);
      if (isDone(outcome.end)) done++;
    }
    expect(done).to.be.above(0.8 * SEEDS);
  });

  it("cost a participant that invents what it searched a part of its bond", async () => {
    const honest = await simulateJob(quietSearch(2));
    const liar = honest.job?.participants[0]?.node ?? -1;
    const { chain, job } = await simulateJob(lying(2, "invents", liar));
    const bondAt = (height: number) => chain.headAt(height).state.nodes.at(liar).bond;
    expect(bondAt(chain.height) < bondAt(0)).to.equal(true);
    expect(job?.participants.find(({ node }) => node === liar)?.paidUnits).to.equal(0n);
  });
});
