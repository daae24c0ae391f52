/** Searches whose order leaves a rule with nothing to work on, or has one node in two parts. */
import { expect } from "chai";
import type { SearchSpec } from "../../../../chain/types/search.ts";
import { searchSpec } from "../../../../chain/workload/search/search-of.ts";
import type { JobPlan } from "../plan.ts";
import { type Outcome, simulateJob } from "../simulation.ts";
import { searchFindings } from "./invariants.ts";
import { quietSearch } from "./plan.ts";

const UNITS = 40;
const UNIT_NONCES = 64;

interface Frame {
  readonly participants: number;
  readonly quorum: number;
  readonly teamSize?: number;
}

/** Of all finds, so that all units are searched. */
function planOf(frame: Frame, search: Partial<SearchSpec> = {}): JobPlan {
  const plan = quietSearch(2);
  const { from } = searchSpec(plan.spec);
  const to = from + BigInt(UNITS * UNIT_NONCES);
  const value = { ...searchSpec(plan.spec), to, mode: 1, redundancy: 0, ...search };
  return { ...plan, spec: { ...plan.spec, ...frame, work: { selector: 1, value } } };
}

function claimed({ records }: Outcome): number {
  const contributions = records.flatMap((record) => record.contributions);
  return contributions.reduce((sum, { units }) => sum + units, 0);
}

describe("searches with odd orders", function () {
  this.timeout(60_000);

  it("end when one node alone is to search all, and all of it twice", async () => {
    const plan = planOf({ participants: 1, quorum: 1 }, { redundancy: 100 });
    const outcome = await simulateJob(plan);
    expect(outcome.end).equal("complete");
    expect(searchFindings(outcome)).deep.equal([]);
    expect(outcome.records).to.have.lengthOf(1);
    expect(claimed(outcome)).equal(UNITS);
  });

  it("have all searched twice by nodes that are each on the team and among the participants", async () => {
    const frame = { participants: 3, quorum: 3, teamSize: 3 };
    const outcome = await simulateJob({ ...planOf(frame, { redundancy: 100 }), nodes: 3 });
    const { job, end, records } = outcome;
    expect(end).equal("complete");
    expect(searchFindings(outcome)).deep.equal([]);
    expect(job?.participants.map(({ node }) => node)).to.have.members(job?.team ?? []);
    expect(records).to.have.lengthOf(1);
    expect(claimed(outcome)).equal(2 * UNITS);
  });

  it("get through units that take longer than a round waits for after its close", async () => {
    const plan = planOf({ participants: 4, quorum: 2 });
    const outcome = await simulateJob({
      ...plan,
      msPerSegment: plan.msPerSegment.map(() => 7_000),
    });
    expect(outcome.end).equal("complete");
    expect(searchFindings(outcome)).deep.equal([]);
    expect(outcome.records.length).above(1);
    expect(claimed(outcome)).within(UNITS, UNITS + 8);
  });
});
