import { expect } from "chai";
import fc from "fast-check";
import { phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import type { Slot } from "../../../chain/state/slots.ts";
import { State } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { type Action, anyAction, strangers, transactionsOf } from "../../helpers/random-history.ts";
import { type Parts, partsOf } from "../../helpers/state.ts";

const PARAMETERS = { trackInterval: 30 };

function newChain(): TestChain {
  const chain = new TestChain({ parameters: PARAMETERS });
  for (const stranger of strangers) chain.know(stranger);
  chain.know(chain.client);
  return chain;
}

/** All jobs are due, so that the end of the next block walks over every one. A draw has heights of its own. */
function makeAllDue(chain: TestChain): void {
  const { hash, state } = chain.head;
  const parts = partsOf(state);
  const jobs = parts.jobs.map((job) =>
    job instanceof Uint8Array || phaseOf(job) === "drawing" ? job : { ...job, due: 1 },
  );
  chain.head = { hash, state: State.of({ ...parts, jobs }) };
}

const withoutDue = (parts: Parts): Parts => {
  const jobs = parts.jobs.map((job) => (job instanceof Uint8Array ? job : { ...job, due: 0 }));
  return { ...parts, jobs };
};

describe("the schedule of jobs", () => {
  it("gives the same result as a walk over all jobs in every block", () => {
    // Shorter than what a job waits to be settled by the chain.
    const blocks = fc.array(fc.array(anyAction, { maxLength: 5 }), {
      minLength: 30,
      maxLength: 50,
    });
    let looked = 0;
    fc.assert(
      fc.property(blocks, (sequence: readonly Action[][]) => {
        const [chain, walked] = [newChain(), newChain()];
        for (const actions of sequence) {
          makeAllDue(walked);
          const wanted = actions.flatMap((step) => transactionsOf(chain, step));
          const block = chain.build(wanted);
          const twin = walked.build(wanted);
          expect(twin.body).to.deep.equal(block.body);
          chain.take(block);
          walked.take(twin);
          const parts = partsOf(chain.head.state);
          expect(withoutDue(partsOf(walked.head.state))).to.deep.equal(withoutDue(parts));
          looked += parts.jobs.filter((job) => !(job instanceof Uint8Array)).length;
        }
      }),
      { seed: 7, numRuns: 4 },
    );
    expect(looked).to.be.above(100);
  }).timeout(60_000);

  it("looks at a limited number of jobs in a block and continues where it stopped, the longest due first", () => {
    const chain = new TestChain();
    const clients = [chain.client, ...chain.founders];
    for (let first = 0; first < 300; first += 50) {
      const nonces = clients.map(({ address }) => chain.head.state.account(address).nonce);
      const opened = Array.from({ length: 50 }, (_, i) => {
        const client = clients[i % 2] ?? chain.client;
        const spec = jobSpec(`job ${first + i}`, { rounds: 1, phaseBlocks: 40_000 });
        const value = { spec, escrow: jobPrice(spec, chain.head.state.parameters) + 100_000n };
        const nonce = (nonces[i % 2] ?? 0) + (i - (i % 2)) / 2;
        return chain.transaction(client, "job-open", value, { fee: 1000n, nonce });
      });
      chain.advance(...opened);
    }
    chain.advance();
    makeAllDue(chain);
    const looked: number[] = [];
    const isLookedAt = (job: Slot<Job>): boolean => !(job instanceof Uint8Array) && job.due > 1;
    while (looked.at(-1) !== 300) {
      chain.advance();
      const { jobs } = partsOf(chain.head.state);
      const count = jobs.filter(isLookedAt).length;
      expect(jobs.slice(0, count).every(isLookedAt), "in order").to.equal(true);
      looked.push(count);
    }
    // With the last one the steps are spent, so it keeps its place.
    expect(looked).to.deep.equal([127, 254, 300]);
  });

  it("settles a job itself when nobody does", () => {
    const chain = new TestChain();
    const spec = jobSpec("left alone", { rounds: 1, phaseBlocks: 4 });
    const open = openJob(chain, chain.client, spec);
    const balance = (): bigint => chain.head.state.account(chain.client.address).balance;
    chain.advance(open);
    const before = balance();
    while (phaseOf(jobOf(chain, open)) !== "failed") chain.advance();
    const { closedAt } = jobOf(chain, open);
    while (phaseOf(jobOf(chain, open)) !== "settled") chain.advance();
    expect(chain.height - closedAt).to.equal(64);
    expect(balance() - before).to.equal(jobOf(chain, open).settlement.refund);
  });
});
