import { expect } from "chai";
import { phaseOf } from "../../../chain/job/phase.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { commits, jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";

describe("job-cancel", () => {
  const chain = new TestChain();
  const open = openJob(chain, chain.client, jobSpec("job"));
  chain.advance(open);
  const { id } = jobOf(chain, open);

  it("refuses NOT_ASSIGNED for anyone but the client", () => {
    const meddling = chain.transaction(chain.personOfNode(0), "job-cancel", { job: id });
    expect(expectRefused(chain, meddling, "NOT_ASSIGNED").duty).to.equal("job-cancel");
  });

  it("refuses UNKNOWN_JOB", () => {
    const cancel = chain.transaction(chain.client, "job-cancel", { job: new Uint8Array(32) });
    expectRefused(chain, cancel, "UNKNOWN_JOB");
  });

  it("refuses WRONG_PHASE while updates are revealed: the round's work is done", () => {
    const late = new TestChain();
    late.advance(open);
    late.advance();
    const cancel = () => late.transaction(late.client, "job-cancel", { job: id });
    expectApplies(late, cancel());
    late.advance(...commits(late, jobOf(late, open)));
    expect(expectRefused(late, cancel(), "WRONG_PHASE").phase).to.equal("revealing");
  });

  it("ends the job once, and settlement waits for an end", () => {
    const settle = () =>
      chain.transaction(chain.personOfNode(0), "job-settle", { job: id }, { fee: 0n });
    const cancel = () => chain.transaction(chain.client, "job-cancel", { job: id });
    expect(expectRefused(chain, settle(), "WRONG_PHASE").phase).to.equal("drawing");
    chain.advance(cancel());
    expect(phaseOf(jobOf(chain, open))).to.equal("cancelled");
    expect(expectRefused(chain, cancel(), "WRONG_PHASE").phase).to.equal("cancelled");
    chain.advance(settle());
    expectRefused(chain, settle(), "UNKNOWN_JOB");
  });
});
