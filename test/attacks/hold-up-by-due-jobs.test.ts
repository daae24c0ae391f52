/**
 * Somebody keeps more jobs due than a block has steps for: some 32 small orders a block, for some 0.06 POML a block with
 * the standard fees, since each is looked at some four times until it fails for want of commits. The deadlines of
 * others then wait for their turn, which gives their nodes more time. Must hold: what follows from answers of others
 * does not wait, so that jobs whose nodes do their work go on as ever.
 */
import { expect } from "chai";
import { DUE_STEPS } from "../../chain/job/due-work.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { State } from "../../chain/state/state.ts";
import { TestChain } from "../helpers/chain.ts";
import { auditAnswers, commits, jobOf, jobSpec, openJob, roundRecord } from "../helpers/job-run.ts";
import { partsOf } from "../helpers/state.ts";

const HELD = 200;

describe("attack: hold up jobs by jobs that are due", () => {
  it("audits that were answered are over, however many other jobs are due", () => {
    const chain = new TestChain();
    const { client, founders } = chain;
    const spec = jobSpec("honest", { rounds: 1, phaseBlocks: 40_000 });
    const open = openJob(chain, client, spec);
    chain.advance(open);
    const [attacker = client] = founders;
    for (let first = 0; first < HELD; first += 40) {
      const { nonce } = chain.head.state.account(attacker.address);
      const orders = Array.from({ length: 40 }, (_, i) => {
        const held = jobSpec(`held ${first + i}`, {
          rounds: 1,
          phaseBlocks: 40_000,
          trainRows: 100,
        });
        const value = {
          spec: held,
          escrow: jobPrice(held, chain.head.state.parameters) + 100_000n,
        };
        return chain.transaction(attacker, "job-open", value, { fee: 1000n, nonce: nonce + i });
      });
      chain.advance(...orders);
    }
    chain.advance();
    chain.advance(...commits(chain, jobOf(chain, open)));
    chain.advance(roundRecord(chain, jobOf(chain, open)));
    chain.advance();
    const audits = jobOf(chain, open).audits.length;
    expect(audits).to.be.at.least(4);

    const { hash, state } = chain.head;
    const parts = partsOf(state);
    const jobs = parts.jobs.map((job, i) => {
      return job instanceof Uint8Array || i === 0 ? job : { ...job, due: 1 };
    });
    chain.head = { hash, state: State.of({ ...parts, jobs }) };
    const waiting = (): number => [...chain.head.state.jobs.due(chain.height)].length;
    expect(waiting()).to.be.above(DUE_STEPS);
    chain.advance(...auditAnswers(chain, jobOf(chain, open)));
    expect(waiting(), "some still wait for a look").to.be.above(0);
    expect(jobOf(chain, open).audits).to.have.length(0);
    process.stdout.write(
      `      ${HELD} jobs due, ${DUE_STEPS} steps a block: ${audits} audits of the other job are over with their answers\n`,
    );
  }).timeout(60_000);
});
