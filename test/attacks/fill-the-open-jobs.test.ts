/**
 * Places among the open jobs are limited. Somebody fills them to shut others out, from one address or from many,
 * with jobs of short or of long phases, alone or as the proposer who earns the fees. The price of a place burns and
 * doubles with every 1,024 open jobs: what it costs to make others pay more is a thousand times what they pay.
 */
import { expect } from "chai";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import {
  MAX_OPEN_JOBS,
  MAX_OPEN_PER_CLIENT,
  OPEN_JOBS_PER_DOUBLING,
  openingPrice,
  requirePlace,
} from "../../chain/job/opening-price.ts";
import { phaseCode } from "../../chain/job/phase.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { State } from "../../chain/state/state.ts";
import { Table } from "../../chain/state/table.ts";
import { Job } from "../../chain/types/job.ts";
import { TEST_PARAMETERS, TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../helpers/expect-transaction.ts";
import { jobOf, jobSpec, openJob } from "../helpers/job-run.ts";
import { partsOf } from "../helpers/state.ts";

/** A chain on which so many jobs of these clients wait for a transaction. */
function chainWith(jobs: number, clientOf: (i: number) => Uint8Array): TestChain {
  const chain = new TestChain();
  const { hash, state } = chain.head;
  const phase = phaseCode("training");
  const standing = Array.from({ length: jobs }, (_, i): Job => {
    return { ...Job.defaultValue(), id: sha256(uint32Bytes(i)), client: clientOf(i), phase };
  });
  chain.head = { hash, state: State.of({ ...partsOf(state), jobs: standing }) };
  return chain;
}

const addressOf = (i: number): Uint8Array => sha256(uint32Bytes(i)).subarray(0, 20);
const spec = jobSpec("honest");
const work = jobPrice(spec, TEST_PARAMETERS);

describe("attack: fill the places of open jobs", function () {
  this.timeout(60_000);

  it("from one address: it gets 256 places, and nobody else is affected", () => {
    const spammer = new TestChain().founders[0]?.address ?? new Uint8Array();
    const chain = chainWith(MAX_OPEN_PER_CLIENT, () => spammer);
    const own = openJob(chain, chain.personOfNode(0), spec);
    const facts = expectRefused(chain, own, "TOO_MANY_JOBS");
    expect(facts).to.include({ open: MAX_OPEN_PER_CLIENT, limit: MAX_OPEN_PER_CLIENT });
    const price = work + openingPrice(spec, 0, TEST_PARAMETERS);
    expectApplies(chain, chain.transaction(chain.client, "job-open", { spec, escrow: price }));
  });

  it("from many addresses: the price doubles with every 1,024 jobs, and is burned", () => {
    const chain = chainWith(OPEN_JOBS_PER_DOUBLING, addressOf);
    const price = work + 2n * openingPrice(spec, 0, TEST_PARAMETERS);
    const pay = (escrow: bigint) =>
      chain.transaction(chain.client, "job-open", { spec, escrow }, { fee: 1000n });
    expect(expectRefused(chain, pay(price - 1n), "BUDGET_BELOW_PRICE")).to.include({ price });
    const open = pay(price);
    chain.advance(open);
    const { id, opening } = jobOf(chain, open);
    expect(opening).to.equal(2000n);
    chain.advance(chain.transaction(chain.client, "job-cancel", { job: id }));
    chain.advance(chain.transaction(chain.client, "job-settle", { job: id }));
    expect(chain.head.state.meta.burned >= 2000n).to.equal(true);
    expect(jobOf(chain, open).settlement.burned >= 2000n).to.equal(true);
  });

  it("from many addresses: the number of places has a limit", () => {
    const jobs = Table.of(
      Array.from({ length: MAX_OPEN_JOBS - 1 }, (_, i) => i),
      { keyOf: String, isActive: () => true, groupOf: String },
    ).fork() as unknown as State["jobs"];
    requirePlace({ jobs }, addressOf(0));
    jobs.push(MAX_OPEN_JOBS as never);
    const { facts } = expectCode(() => requirePlace({ jobs }, addressOf(0)), "TOO_MANY_JOBS");
    expect(facts).to.include({ open: MAX_OPEN_JOBS, limit: MAX_OPEN_JOBS });
  });

  it("costs a thousand times what it makes others pay, whatever the fill and the phases", () => {
    for (const phaseBlocks of [4, 999, 1000, 20_000, 43_200]) {
      let cost = 0n;
      for (let open = 0; open < MAX_OPEN_JOBS; open++) {
        const harm =
          openingPrice(spec, open, TEST_PARAMETERS) - openingPrice(spec, 0, TEST_PARAMETERS);
        if (open % OPEN_JOBS_PER_DOUBLING === 0) {
          expect(cost >= 1000n * harm, `${open} open, phases of ${phaseBlocks}`).to.equal(true);
        }
        // Fees are left out: a proposer that fills its own blocks gets them back.
        cost += openingPrice({ ...spec, phaseBlocks }, open, TEST_PARAMETERS);
      }
      const top = openingPrice(spec, MAX_OPEN_JOBS - 1, TEST_PARAMETERS);
      process.stdout.write(
        `      phases of ${phaseBlocks}: all places cost ${cost / 1_000_000n} POML, the last of an honest client ${top / 1_000_000n}\n`,
      );
      expect(cost > 1000n * top).to.equal(true);
    }
  });
});
