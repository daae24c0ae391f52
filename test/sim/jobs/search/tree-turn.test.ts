/**
 * Searches in trees over several rounds: in each round others are sub-managers, and what was leased when a round turned
 * must not be searched again.
 */
import { expect } from "chai";
import { leaseManagerOf } from "../../../../chain/workload/search/lease-log.ts";
import { LeaseTree } from "../../../../node/jobs/search/leases/tree.ts";
import { LANES } from "../job-node.ts";
import type { JobPlan } from "../plan.ts";
import { type Outcome, simulateJob } from "../simulation.ts";
import { busyShare } from "./invariants.ts";
import { DEEP, expectWhole, hashed, LEASE, treeSearch } from "./tree-plan.ts";

const PARTICIPANTS = 7;

/** Rounds of half of so many blocks. */
function turningSearch(phaseBlocks: number, units: bigint, changes: Partial<JobPlan> = {}) {
  const plan = treeSearch(1, changes, units);
  return { ...plan, spec: { ...plan.spec, phaseBlocks } };
}

describe("simulated searches in a tree, when rounds turn", function () {
  this.timeout(300_000);

  it("keep their lanes busy, pay each unit once, and search again little more than what lanes were at", async () => {
    const units = 4_500n;
    const outcome = await simulateJob(turningSearch(60, units));
    expectWhole(outcome, "five rounds");
    expect(outcome.records.length).to.be.at.least(4);
    expect(busyShare(outcome)).to.be.at.least(0.9);
    const turns = outcome.records.length - 1;
    // Each lane drops the unit that it is at. 349 more units were begun when pieces ended at the turn.
    const dropped = turns * PARTICIPANTS * LANES;
    expect(hashed(outcome) - Number(units) - dropped).to.be.at.most(3 * LEASE);
  });

  it("lose two leases at most when a manager, a sub-manager or a worker is killed about then", async () => {
    const units = 3_000n;
    let committedAt: number | undefined;
    const calm = await simulateJob(turningSearch(110, units), ({ at, message }) => {
      if (message.includes("search committed")) committedAt ??= at;
    });
    expectWhole(calm, "undisturbed");
    // Its log turned some 200 ms before the first commit.
    const turnedAt = (committedAt ?? expect.fail("no commit")) - 200;
    for (const [who, node] of victimsOf(calm)) {
      for (const afterMs of [-400, 100, 600]) {
        const crash = { node, at: turnedAt + afterMs, forMs: 5_000, power: false };
        const outcome = await simulateJob(turningSearch(110, units, { crashes: [crash] }));
        const what = `${who} killed ${afterMs} ms after the turn`;
        expectWhole(outcome, what);
        expect(hashed(outcome) - hashed(calm), what).to.be.at.most(2 * LEASE);
      }
    }
  });
});

function victimsOf({ job }: Outcome): Map<string, number> {
  const { team, participants } = job ?? expect.fail("no job");
  const nodes = participants.map(({ node }) => node);
  const [first, second] = [1, 2].map(
    (round) => new LeaseTree({ participants: nodes, round }, DEEP),
  );
  const isHead = (node: number): boolean =>
    first?.isSubManager(node) === true || second?.isSubManager(node) === true;
  const found = [
    ["manager of the round", leaseManagerOf(team, 1, 0)],
    ["manager of the next", leaseManagerOf(team, 2, 0)],
    ["sub-manager of the round", nodes.find((node) => first?.isSubManager(node))],
    ["sub-manager of the next", nodes.find((node) => second?.isSubManager(node))],
    ["worker", nodes.find((node) => !isHead(node) && !team.includes(node))],
  ] as const;
  return new Map(found.map(([who, node]) => [who, node ?? expect.fail(`no ${who}`)]));
}
