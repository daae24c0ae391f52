/**
 * A sub-manager of a search never tells its children that their units are on the log, or delivers what they have
 * searched as its own. Gain sought: their pay. Must hold: it is paid for what it has searched itself and for nothing
 * else, since a claim needs leaves that only hashing gives, and less of its hashing is paid than without the lie; the
 * children give it up after 14 s and go on under the manager above; the range is searched to its end all the same.
 */
import { expect } from "chai";
import { searchFindings } from "../sim/jobs/search/invariants.ts";
import { treeSearch } from "../sim/jobs/search/tree-plan.ts";
import { type Outcome, simulateJob } from "../sim/jobs/simulation.ts";
import type { TreeLie } from "../sim/jobs/tree-lies.ts";

/** Work for a minute. */
const UNITS = 4_500n;

describe("attack: cheat those below in the tree of a search", function () {
  this.timeout(300_000);

  let honest: Outcome;

  before(async () => {
    honest = await simulateJob(treeSearch(1, {}, UNITS));
  });

  for (const lie of ["keeps-acks", "takes-units"] as const satisfies readonly TreeLie[]) {
    it(`${lie}: the liar earns no more, and the search ends`, async () => {
      const participants = honest.job?.participants.map(({ node }) => node) ?? [];
      const [liar = -1, , childA = -1, childB = -1, grandchild = -1] = participants;
      const outcome = await simulateJob(treeSearch(1, { treeLies: new Map([[liar, lie]]) }, UNITS));
      expect(searchFindings(outcome)).to.deep.equal([]);
      expect(outcome.end).to.equal("complete");
      const paid = (run: Outcome, node: number): number =>
        Number(run.job?.participants.find((one) => one.node === node)?.paidUnits ?? 0n);
      const shown = (nodes: readonly number[]): string =>
        nodes.map((node) => `${paid(honest, node)} -> ${paid(outcome, node)}`).join(", ");
      process.stdout.write(`      ${lie}: units paid to the liar ${shown([liar])},\n`);
      process.stdout.write(`      to those below it ${shown([childA, childB, grandchild])}\n`);
      const hashed = (run: Outcome): number => run.nodes[liar]?.searched.length ?? 0;
      expect(paid(outcome, liar)).to.be.at.most(hashed(outcome));
      // The search takes longer, and the liar hashes for longer: what counts is the pay for a unit hashed.
      const forUnit = (run: Outcome): number => paid(run, liar) / hashed(run);
      process.stdout.write(`      paid of hashed ${forUnit(honest)} -> ${forUnit(outcome)},\n`);
      expect(forUnit(outcome)).to.be.below(forUnit(honest));
      const inSecond = (run: Outcome): number => paid(run, liar) / run.tookMs;
      expect(inSecond(outcome)).to.be.at.most(inSecond(honest) * 1.2);
      for (const node of [childA, childB, grandchild]) {
        // They go on under the manager above, and are paid for that.
        expect(paid(outcome, node), `node ${node}`).to.be.above(0);
      }
    });
  }
});
