import { expect } from "chai";
import { phaseCode } from "../../../chain/job/phase.ts";
import { Table } from "../../../chain/state/table.ts";
import { Job, type JobPhase } from "../../../chain/types/job.ts";
import { JobWatch } from "../../../node/chain/job-watch.ts";

const inPhase = (phase: JobPhase): Job => ({ ...Job.defaultValue(), phase: phaseCode(phase) });

describe("JobWatch", () => {
  it("shows every job until it has shown it settled, and new ones as they come", () => {
    const jobs = Table.of([inPhase("settled"), inPhase("training")], { keyOf: () => "" });
    const watch = new JobWatch();
    const shown = (): number[] => watch.look({ jobs }).map(([index]) => index);
    expect(shown()).to.deep.equal([0, 1]);
    expect(shown()).to.deep.equal([1]);
    jobs.push(inPhase("drawing"));
    jobs.push(inPhase("settled"));
    expect(shown()).to.deep.equal([1, 2, 3]);
    jobs.set(1, inPhase("settled"));
    expect(watch.look({ jobs })).to.deep.equal([
      [1, inPhase("settled")],
      [2, inPhase("drawing")],
    ]);
    expect(shown()).to.deep.equal([2]);
  });
});
