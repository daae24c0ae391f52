/**
 * Whole searches of many nodes in one process, with faults from seeds. POML_SEARCH_SEEDS sets how many (default 10);
 * `npm run sim -- searches --seed N` tells what happens in one of them.
 */
import { expect } from "chai";
import { fingerprintOf } from "../invariants.ts";
import type { Lie } from "../lies.ts";
import type { JobPlan } from "../plan.ts";
import { simulateJob } from "../simulation.ts";
import { isDone, searchFindings } from "./invariants.ts";
import { disturbedSearch, quietSearch } from "./plan.ts";

const SEEDS = Number(process.env.POML_SEARCH_SEEDS ?? 10);
const SOME = [2, 6, 7, 8];

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
