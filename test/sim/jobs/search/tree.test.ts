/**
 * Whole searches in trees: the fan-out is lowered to 2, so that seven participants stand on three levels under the
 * manager. All services are real.
 */
import { expect } from "chai";
import { LeaseTree } from "../../../../node/jobs/search/leases/tree.ts";
import { disturbed } from "../plan.ts";
import { type Outcome, simulateJob } from "../simulation.ts";
import { DEEP, expectWhole, hashed, LEASE, treeSearch, UNITS } from "./tree-plan.ts";

describe("simulated searches in a tree", function () {
  this.timeout(300_000);

  let calm: Outcome;

  before(async () => {
    calm = await simulateJob(treeSearch(1));
  });

  it("cover the whole range once, with work by nodes of all levels", async () => {
    expectWhole(calm, "undisturbed");
    const participants = calm.job?.participants.map(({ node }) => node) ?? [];
    const tree = new LeaseTree({ participants, round: 1 }, DEEP);
    const levels = participants.map((node) => tree.above(node).length);
    expect(new Set(levels)).to.deep.equal(new Set([0, 1, 2]));
    const [record] = calm.records;
    const worked = record?.contributions.filter(({ units }) => units > 0) ?? [];
    expect(worked.map(({ node }) => node)).to.have.members(participants);
    expect(hashed(calm)).to.be.at.most(Number(UNITS) * 1.05);
  });

  it("lose two leases at most when a sub-manager is killed, wherever it stands and whenever", async () => {
    for (const place of [0, 2]) {
      for (const message of [3, 120]) {
        const kill = { place, message, forMs: 20_000 };
        const outcome = await simulateJob(treeSearch(1, { kill }));
        const what = `participant ${place} killed at message ${message}`;
        expect(outcome.wasKilled, what).to.equal(true);
        expectWhole(outcome, what);
        expect(hashed(outcome) - hashed(calm), what).to.be.at.most(2 * LEASE);
      }
    }
  });

  it("come to the same with messages that are lost and late, and nodes that crash", async () => {
    const links = { calmAt: 15_000, loss: 0.1, slowestMs: 400, cuts: [] };
    for (const seed of [3, 8]) {
      const { crashes } = disturbed(seed);
      const outcome = await simulateJob(treeSearch(seed, { links, crashes }));
      expectWhole(outcome, `seed ${seed}`);
    }
  });
});
