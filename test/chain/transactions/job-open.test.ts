import { expect } from "chai";
import { jobPrice } from "../../../chain/job/price.ts";
import { MAX_PHASE_BLOCKS, MAX_ROUNDS } from "../../../chain/transactions/job-open.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { MAX_PARTICIPANTS, MAX_TEAM } from "../../../chain/types/primitive.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";

const MILLION = 1_000_000;

describe("job-open", () => {
  const chain = new TestChain();
  const { client } = chain;
  const { parameters } = chain.head.state;
  const opening = (change: Partial<JobSpec>) => openJob(chain, client, jobSpec("job", change));

  it("takes the escrow and waits for the draw", () => {
    const fresh = new TestChain();
    const supply = fresh.supply();
    const before = fresh.head.state.account(client.address).balance;
    const spec = jobSpec("job");
    const escrow = jobPrice(spec, parameters);
    fresh.advance(fresh.transaction(client, "job-open", { spec, escrow }, { fee: 1000n }));
    expect(before - fresh.head.state.account(client.address).balance).to.equal(escrow + 1000n);
    expect(fresh.head.state.jobs.at(0)).to.include({ phase: 0, openedAt: 1, round: 0, escrow });
    expect(fresh.supply()).to.equal(supply);
  });

  it("refuses BUDGET_BELOW_PRICE, one micro-unit below it", () => {
    const spec = jobSpec("job");
    const price = jobPrice(spec, parameters);
    expectApplies(chain, chain.transaction(client, "job-open", { spec, escrow: price }));
    const escrow = price - 1n;
    const short = chain.transaction(client, "job-open", { spec, escrow });
    const facts = expectRefused(chain, short, "BUDGET_BELOW_PRICE");
    expect(facts).to.include({ budget: escrow, price });
  });

  it("refuses INSUFFICIENT_BALANCE for an escrow beyond the client's means", () => {
    const spec = jobSpec("job");
    const rich = chain.transaction(client, "job-open", { spec, escrow: 2n ** 60n });
    expectRefused(chain, rich, "INSUFFICIENT_BALANCE");
  });

  /** Per field: the smallest and largest value taken; beyond them it is refused by name. */
  const BOUNDS: Partial<Record<keyof JobSpec, readonly [number, number]>> = {
    kind: [0, 0],
    engine: [0, 1],
    partition: [0, 1],
    aggregation: [0, 2],
    parameterCount: [1, 100 * MILLION],
    trainChunks: [1, 12_000],
    testRows: [1, 100 * MILLION],
    rounds: [1, MAX_ROUNDS],
    localEpochs: [1, 100],
    batchSize: [1, 4096],
    learningRate: [1, 10 * MILLION],
    momentum: [0, MILLION - 1],
    quorum: [1, 4],
    teamSize: [1, MAX_TEAM],
    phaseBlocks: [4, MAX_PHASE_BLOCKS],
    targetAccuracy: [0, MILLION],
  };

  for (const [field, [low, high]] of Object.entries(BOUNDS)) {
    it(`refuses BAD_FIELD for spec.${field} outside ${low} to ${high}`, () => {
      for (const value of [low, high]) expectApplies(chain, opening({ [field]: value }));
      for (const value of low === 0 ? [high + 1] : [low - 1, high + 1]) {
        const facts = expectRefused(chain, opening({ [field]: value }), "BAD_FIELD");
        expect(facts.field).to.equal(`spec.${field}`);
      }
    });
  }

  it("refuses BAD_FIELD for rows and participants out of bounds", () => {
    const fieldOf = (change: Partial<JobSpec>) =>
      expectRefused(chain, opening(change), "BAD_FIELD").field;
    expect(fieldOf({ trainRows: 0 })).to.equal("spec.trainRows");
    expect(fieldOf({ trainRows: 100 * MILLION + 1 })).to.equal("spec.trainRows");
    expect(fieldOf({ trainRows: 31 })).to.equal("spec.trainChunks");
    expect(fieldOf({ participants: 0 })).to.equal("spec.participants");
    expect(fieldOf({ participants: MAX_PARTICIPANTS + 1 })).to.equal("spec.participants");
    expectApplies(chain, opening({ participants: MAX_PARTICIPANTS }));
  });

  it("refuses BAD_FIELD for a price below the chain's minimum", () => {
    const facts = expectRefused(chain, opening({ pricePerSample: 0n }), "BAD_FIELD");
    expect(facts.field).to.equal("spec.pricePerSample");
  });

  it("refuses BAD_FIELD for a hash of nothing", () => {
    for (const field of ["model", "initialParameters", "dataset", "torrent"] as const) {
      const facts = expectRefused(chain, opening({ [field]: new Uint8Array(32) }), "BAD_FIELD");
      expect(facts.field).to.equal(`spec.${field}`);
    }
  });
});
