/** Searches for more finds than one record holds. */
import { expect } from "chai";
import { searchProgress, searchSpec } from "../../../../chain/workload/search/search-of.ts";
import { searchOrder, targetFor } from "../../../helpers/search-run.ts";
import type { JobPlan } from "../plan.ts";
import { type Outcome, simulateJob } from "../simulation.ts";
import { searchFindings } from "./invariants.ts";
import { longSearch } from "./plan.ts";

const NODES = 4;
/** Of one node. */
const LANES = 2;

/** All finds are wanted. */
function manyFinds(seed: number, finds: number, units: bigint): JobPlan {
  const plan = longSearch(seed);
  const name = `many finds ${seed}`;
  const search = searchSpec(plan.spec);
  const { participants, quorum, teamSize, phaseBlocks } = plan.spec;
  const order = {
    participants,
    quorum,
    teamSize,
    phaseBlocks,
    ...search,
    mode: 1,
    to: search.from + units * 64n,
  };
  const prefix = new TextEncoder().encode(name);
  const bare = searchOrder(name, { ...order, prefix });
  return { ...plan, spec: searchOrder(name, { ...order, prefix, target: targetFor(bare, finds) }) };
}

function claimedUnits({ records }: Outcome): number {
  const all = records.flatMap(({ contributions }) => contributions.map(({ units }) => units));
  return all.reduce((sum, one) => sum + one, 0);
}

function hashedUnits({ nodes }: Outcome): number {
  return nodes.reduce((sum, { searched }) => sum + searched.length, 0);
}

describe("simulated searches for many finds", function () {
  this.timeout(300_000);

  it("claim few units twice although each record holds 16 finds, and end with all of them", async () => {
    for (const { units, finds } of [
      { units: 600, finds: 20 },
      { units: 600, finds: 55 },
      { units: 128, finds: 63 },
    ]) {
      const outcome = await simulateJob(manyFinds(1, finds, BigInt(units)));
      const what = `${finds} finds in ${units} units`;
      expect(searchFindings(outcome), what).to.deep.equal([]);
      expect(outcome.end, what).to.equal("complete");
      const { finds: found } = searchProgress(outcome.job ?? expect.fail("no job"));
      expect(found, what).to.have.lengthOf(finds);
      // What lanes had searched when a round ahead of the chain paused. 4, 69 and 78 when rounds did not end for finds.
      expect(claimedUnits(outcome) - units, what).to.be.at.most(2 * NODES * LANES);
      // A lane drops the unit that it is at when a full round ahead of the chain pauses, and when a round turns.
      const dropped = 2 * outcome.records.length * NODES * LANES;
      expect(hashedUnits(outcome) - units, what).to.be.at.most(dropped);
    }
  });

  it("cost the nodes few hashes where every nonce is a find", async () => {
    const outcome = await simulateJob(manyFinds(1, 600 * 64, 600n));
    expect(searchFindings(outcome)).to.deep.equal([]);
    expect(outcome.end).to.equal("target");
    // 627 when rounds did not end for finds.
    expect(hashedUnits(outcome)).to.be.at.most(300);
  });
});
