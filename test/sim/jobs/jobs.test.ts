/**
 * Whole jobs of many nodes in one process, with faults from seeds. POML_JOB_SEEDS sets how many (default 30);
 * `npm run sim -- jobs --seed N` tells what happens in one of them.
 */
import { expect } from "chai";
import { besideCalm, findingsOf, fingerprintOf } from "./invariants.ts";
import type { Lie } from "./lies.ts";
import { disturbed, type JobPlan, quiet } from "./plan.ts";
import { type Outcome, simulateJob } from "./simulation.ts";

const SEEDS = Number(process.env.POML_JOB_SEEDS ?? 30);
const SOME = Array.from({ length: 4 }, (_, i) => i + 1);

/** Seeds with what does not hold in them. */
async function findings(
  seeds: readonly number[],
  planOf: (seed: number) => JobPlan,
  look: (outcome: Outcome) => unknown = () => {},
): Promise<string[]> {
  const all: string[] = [];
  for (const seed of seeds) {
    const outcome = await simulateJob(planOf(seed));
    all.push(...(await findingsOf(outcome)).map((finding) => `seed ${seed}: ${finding}`));
    await look(outcome);
  }
  return all;
}

/** The job of a seed without faults, in which these nodes lie. */
function lying(seed: number, lie: Lie, nodes: (plan: JobPlan) => readonly number[]): JobPlan {
  const plan = quiet(seed);
  return { ...plan, lies: new Map(nodes(plan).map((node) => [node, lie])) };
}

describe("simulated jobs", function () {
  this.timeout(120_000 + 4_000 * SEEDS);

  it("are the same run for the same seed", async () => {
    for (const seed of [5, 8]) {
      const run = async (): Promise<string> => fingerprintOf(await simulateJob(disturbed(seed)));
      expect(await run()).to.equal(await run());
    }
  });

  it("are done without faults by the nodes that are drawn", async () => {
    const found = await findings(SOME, quiet, ({ end }) => expect(end).to.equal("complete"));
    expect(found).to.deep.equal([]);
  });

  it("keep money, models and the honest safe whatever goes wrong, and end", async () => {
    const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
    let same = 0;
    const found = await findings(seeds, disturbed, async (outcome) => {
      if ((await besideCalm(outcome)) === "same model") same++;
    });
    expect(found).to.deep.equal([]);
    expect(same, "runs to compare with those without faults").to.be.above(SEEDS / 5);
  });

  it("cost a participant that invents its training a part of its bond", async () => {
    const caught: number[] = [];
    for (const seed of SOME) {
      const { job } = await simulateJob(quiet(seed));
      const liar = job?.participants[0]?.node ?? -1;
      const { chain } = await simulateJob(lying(seed, "invents", () => [liar]));
      const bondAt = (height: number) => chain.headAt(height).state.nodes.at(liar).bond;
      if (bondAt(chain.height) < bondAt(0)) caught.push(seed);
    }
    expect(caught).to.have.length.above(SOME.length / 2);
  });

  it("record another model when all of the team lie alike: the check of models can fail", async () => {
    const everybody = ({ nodes }: JobPlan) => Array.from({ length: nodes }, (_, node) => node);
    const found = await findings(SOME.slice(0, 2), (seed) =>
      lying(seed, "merges-falsely", everybody),
    );
    expect(found.join()).to.contain("leads to another model than its updates");
  });
});
