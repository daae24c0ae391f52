import { expect } from "chai";
import fc from "fast-check";
import { phaseCode, phaseOf } from "../../../chain/job/phase.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import { State, type StateParts } from "../../../chain/state/state.ts";
import type { Job } from "../../../chain/types/job.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { type Action, anyAction, strangers, transactionsOf } from "../../helpers/random-history.ts";
import { partsOf } from "../../helpers/state.ts";

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
    phaseOf(job) === "drawing" || phaseOf(job) === "settled" ? job : { ...job, due: 1 },
  );
  chain.head = { hash, state: State.of({ ...parts, jobs }) };
}

const withoutDue = (parts: StateParts): StateParts => {
  return { ...parts, jobs: parts.jobs.map((job): Job => ({ ...job, due: 0 })) };
};

describe("the schedule of jobs", () => {
  it("comes to what a walk over all jobs in every block comes to", () => {
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
          looked += parts.jobs.filter((job) => phaseOf(job) !== "settled").length;
        }
      }),
      { seed: 7, numRuns: 4 },
    );
    expect(looked).to.be.above(100);
  }).timeout(60_000);

  it("does so much a block and goes on where it stopped, the longest due first", () => {
    const chain = new TestChain();
    const clients = [chain.client, ...chain.founders];
    const opened = Array.from({ length: 300 }, (_, i) => {
      const client = clients[i % 2] ?? chain.client;
      const spec = jobSpec(`job ${i}`, { rounds: 1 });
      const value = { spec, escrow: jobPrice(spec, chain.head.state.parameters) + 1000n };
      return chain.transaction(client, "job-open", value, { fee: 1000n, nonce: (i - (i % 2)) / 2 });
    });
    chain.advance(...opened);
    const drawn: number[] = [];
    const isDrawn = (at: number): boolean =>
      chain.head.state.jobs.at(at).phase !== phaseCode("drawing");
    while (drawn.at(-1) !== 300) {
      chain.advance();
      const first = opened.findIndex((_, at) => !isDrawn(at));
      const count = first === -1 ? 300 : first;
      expect(opened.every((_, at) => isDrawn(at) === at < count)).to.equal(true);
      drawn.push(count);
    }
    const each = drawn.map((count, i) => count - (drawn[i - 1] ?? 0));
    expect(new Set(each.slice(0, -1)).size, "as many in every block").to.equal(1);
    expect(each.length).to.be.within(2, 10);
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
