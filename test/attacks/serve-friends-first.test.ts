/** Attack: whoever manages a round of a search gives leases to its own node alone, to be paid for more of the search. */
import { expect } from "chai";
import { searchProgress, searchSpec } from "../../chain/workload/search/search-of.ts";
import { NOTHING } from "../helpers/search-run.ts";
import { quietSearch } from "../sim/jobs/search/plan.ts";
import { simulateJob } from "../sim/jobs/simulation.ts";
import type { TreeLie } from "../sim/jobs/tree-lies.ts";

const UNITS = 1_000n;
const TEAM = 3;
const SEEDS = [3];

/** A search of several rounds by nodes that are equally fast. */
async function search(seed: number, treeLies: ReadonlyMap<number, TreeLie>) {
  const plan = quietSearch(seed);
  const range = { from: 0n, to: UNITS * 64n, target: NOTHING, mode: 0, redundancy: 0 };
  const work = { selector: 1, value: { ...searchSpec(plan.spec), ...range } } as const;
  const order = { participants: 4, quorum: 2, teamSize: TEAM, phaseBlocks: 24 };
  const spec = { ...plan.spec, ...order, work };
  const msPerSegment = plan.msPerSegment.map(() => 150);
  return simulateJob({ ...plan, nodes: 6, spec, msPerSegment, treeLies });
}

function unitsOf({ records }: Awaited<ReturnType<typeof search>>, node: number): number {
  const all = records.flatMap(({ contributions }) => contributions);
  const sum = (some: typeof all): number => some.reduce((total, { units }) => total + units, 0);
  return sum(all.filter((one) => one.node === node)) / Math.max(1, sum(all));
}

describe("attack: a manager that serves its friends first", function () {
  this.timeout(120_000);

  it("gets what others lose in one round of as many as the team has members, and no more", async () => {
    for (const seed of SEEDS) {
      const honest = await search(seed, new Map());
      const { team = [], participants = [] } = honest.job ?? {};
      const liar = team.find((node) => participants.some((one) => one.node === node));
      if (liar === undefined) throw new Error(`seed ${seed}: nobody is in both`);
      const lying = await search(seed, new Map([[liar, "serves-itself"]]));
      const [fair, gained] = [unitsOf(honest, liar), unitsOf(lying, liar)];
      process.stdout.write(
        `      seed ${seed}: ${(100 * fair).toFixed(1)} % of the units when honest, ${(100 * gained).toFixed(1)} % when not; ${honest.records.length} and ${lying.records.length} rounds\n`,
      );
      expect(lying.end, `seed ${seed}`).equal("complete");
      expect(searchProgress(lying.job ?? expect.fail("no job")).open).deep.equal([]);
      // All of one round of each three, and its part of the others; rounds are few, so by one more.
      const most =
        fair + ((1 - fair) * Math.ceil(lying.records.length / TEAM)) / lying.records.length;
      expect(gained, `seed ${seed}`).at.most(most);
    }
  });
});
