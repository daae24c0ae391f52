import { expect } from "chai";
import type { Job } from "../../../chain/types/job.ts";
import { JobDispatch, type JobService } from "../../../node/jobs/dispatch.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";

class Listening implements JobService {
  readonly told: [names: string[], node: number][] = [];
  isStopped = false;

  onJobs(jobs: readonly Job[], node: number): void {
    this.told.push([jobs.map(({ spec }) => new TextDecoder().decode(spec.name)), node]);
  }

  stop(): void {
    this.isStopped = true;
  }
}

describe("the dispatch of jobs", () => {
  const chain = new TestChain();
  const order = jobSpec("job", { participants: 2, quorum: 2, teamSize: 3 });
  chain.advance(openJob(chain, chain.client, order));
  chain.advance();
  const { state } = chain.head;
  const [, job] = [...state.jobs.activeEntries()][0] ?? [];
  const drawn = job?.team[0] ?? -1;
  const failures: unknown[] = [];
  const log = { error: (_: string, facts?: unknown) => failures.push(facts) };

  function dispatched(publicKey: Uint8Array, ...services: JobService[]): JobDispatch {
    const dispatch = new JobDispatch({ publicKey }, { chain: chain.head, services, log });
    dispatch.onBlock();
    return dispatch;
  }

  it("gives the services the jobs in which the node has a part", () => {
    const service = new Listening();
    dispatched(state.nodes.at(drawn).publicKey, service);
    expect(service.told).to.deep.equal([[["job"], drawn]]);
  });

  it("tells them when there are none, so that they end what they began", () => {
    const service = new Listening();
    const none = new TestChain();
    const { publicKey } = none.head.state.nodes.at(0);
    const modules = { chain: none.head, services: [service], log };
    new JobDispatch({ publicKey }, modules).onBlock();
    expect(service.told).to.deep.equal([[[], 0]]);
  });

  it("says nothing on a machine that is no node of the chain", () => {
    const service = new Listening();
    dispatched(new Uint8Array(32).fill(7), service);
    expect(service.told).to.deep.equal([]);
  });

  it("goes on with the others when a service fails, and stops all of them", () => {
    const [before, after] = [new Listening(), new Listening()];
    const failing = new Listening();
    failing.onJobs = () => {
      throw new Error("broken");
    };
    const { publicKey } = state.nodes.at(drawn);
    const dispatch = dispatched(publicKey, before, failing, after);
    expect([before.told.length, after.told.length]).to.deep.equal([1, 1]);
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include({ service: "Listening" });
    dispatch.stop();
    expect([before, failing, after].every(({ isStopped }) => isStopped)).to.equal(true);
  });
});
