import { expect } from "chai";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import type { FinalBlock } from "../../../node/chain/chain.ts";
import { JobWatch } from "../../../node/chain/job-watch.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";

describe("JobWatch", () => {
  it("shows the jobs under way, then each as it changes, the settled ones once and last", () => {
    const chain = new TestChain();
    const [first, second] = ["first", "second"].map((name) => {
      const open = openJob(chain, chain.client, jobSpec(name));
      chain.advance(open);
      return jobOf(chain, open);
    }) as [Job, Job];
    const listeners: ((final: FinalBlock) => void)[] = [];
    const watch = new JobWatch({
      state: chain.head.state,
      onBlock: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    });
    const final = (...jobs: [number, Job][]): void => {
      for (const listener of listeners) listener({ jobs: new Map(jobs) } as unknown as FinalBlock);
    };
    const shown = (): string[] => watch.take().map(([i, job]) => `${i} ${phaseOf(job)}`);
    expect(shown()).to.deep.equal(["0 training", "1 drawing"]);
    expect(shown()).to.deep.equal([]);
    final([1, { ...second, phase: 1 }], [0, first]);
    final([0, { ...first, phase: 6 }]);
    expect(shown()).to.deep.equal(["0 settled", "1 training"]);
    expect(shown()).to.deep.equal([]);
  });
});
