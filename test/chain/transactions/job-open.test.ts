import { expect } from "chai";
import { MOST_JOBS } from "../../../chain/job/opening-price.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import { MAX_PHASE_BLOCKS, MIN_TEAM } from "../../../chain/transactions/job-open.ts";
import type { OptimizerSpec } from "../../../chain/types/optimizer.ts";
import { MAX_PARTICIPANTS, MAX_TEAM } from "../../../chain/types/primitive.ts";
import { MAX_ROUNDS } from "../../../chain/workload/train/check.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import type { TrainOrder } from "../../helpers/job-run.ts";
import { jobSpec, openJob, SGD } from "../../helpers/job-run.ts";

const MILLION = 1_000_000;

describe("job-open", () => {
  const chain = new TestChain();
  const { client } = chain;
  const { parameters } = chain.head.state;
  const opening = (change: Partial<TrainOrder>) =>
    openJob(chain, client, jobSpec("job", { pricePerUnit: 1000n, ...change }));

  it("takes the escrow and waits for the draw", () => {
    const fresh = new TestChain();
    const supply = fresh.supply();
    const before = fresh.head.state.account(client.address).balance;
    const spec = jobSpec("job");
    const escrow = jobPrice(spec, parameters) + 1000n;
    fresh.advance(fresh.transaction(client, "job-open", { spec, escrow }, { fee: 1000n }));
    expect(before - fresh.head.state.account(client.address).balance).to.equal(escrow + 1000n);
    expect(fresh.head.state.jobs.at(0)).to.include({ phase: 0, openedAt: 1, round: 0, escrow });
    expect(fresh.supply()).to.equal(supply);
  });

  it("refuses BUDGET_BELOW_PRICE, one micro-unit below it", () => {
    const spec = jobSpec("job");
    const price = jobPrice(spec, parameters) + 1000n;
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

  it("refuses TOO_MANY_JOBS beyond the places of the list, in which settled jobs stay", () => {
    const full = new TestChain();
    const filledTo = (length: number): void => {
      Object.defineProperty(full.head.state.jobs, "length", {
        get: () => length,
        configurable: true,
      });
    };
    filledTo(MOST_JOBS - 1);
    expectApplies(full, openJob(full, client, jobSpec("last")));
    filledTo(MOST_JOBS);
    const facts = expectRefused(full, openJob(full, client, jobSpec("late")), "TOO_MANY_JOBS");
    expect(facts).to.include({ open: MOST_JOBS, limit: MOST_JOBS });
  });

  /** Per field: the smallest and largest value taken; beyond them it is refused by name. */
  const BOUNDS: Partial<Record<keyof TrainOrder, readonly [number, number]>> = {
    engine: [0, 1],
    partition: [0, 1],
    parameterCount: [1, 100 * MILLION],
    trainChunks: [1, 12_000],
    testRows: [1, 100 * MILLION],
    rounds: [1, MAX_ROUNDS],
    localEpochs: [1, 100],
    batchSize: [1, 4096],
    loss: [0, 5],
    quorum: [1, 4],
    teamSize: [MIN_TEAM, MAX_TEAM],
    phaseBlocks: [4, MAX_PHASE_BLOCKS],
    targetAccuracy: [0, MILLION],
  };

  for (const [field, [low, high]] of Object.entries(BOUNDS)) {
    it(`refuses BAD_FIELD for spec.${field} outside ${low} to ${high}`, () => {
      // One chunk is enough for a quorum of one.
      const order = (value: number) => opening({ quorum: 1, [field]: value });
      for (const value of [low, high]) expectApplies(chain, order(value));
      for (const value of low === 0 ? [high + 1] : [low - 1, high + 1]) {
        const facts = expectRefused(chain, order(value), "BAD_FIELD");
        expect(facts.field).to.equal(`spec.${field}`);
      }
    });
  }

  const SETTINGS: Readonly<Record<string, OptimizerSpec>> = {
    sgd: SGD,
    adam: { ...SGD, kind: 1, momentum: 0, beta1: 900_000, beta2: 999_000, epsilon: 100 },
    adagrad: { ...SGD, kind: 2, momentum: 0, initialAccumulator: 100_000, epsilon: 100 },
  };
  const ALWAYS = {
    learningRate: [1, 10 * MILLION],
    weightDecay: [0, 10 * MILLION],
    clipValue: [0, 1000 * MILLION],
    clipNorm: [0, 1000 * MILLION],
  } as const;
  const UNUSED = [0, 0] as const;
  const FRACTION = [0, MILLION - 1] as const;
  const EPSILON = [1, 1000 * MILLION] as const;
  const OPTIMIZER_BOUNDS: Readonly<Record<string, Record<string, readonly [number, number]>>> = {
    sgd: {
      ...ALWAYS,
      momentum: FRACTION,
      beta1: UNUSED,
      beta2: UNUSED,
      epsilon: UNUSED,
      initialAccumulator: UNUSED,
    },
    adam: {
      ...ALWAYS,
      momentum: UNUSED,
      beta1: FRACTION,
      beta2: FRACTION,
      epsilon: EPSILON,
      initialAccumulator: UNUSED,
    },
    adagrad: {
      ...ALWAYS,
      momentum: UNUSED,
      beta1: UNUSED,
      beta2: UNUSED,
      epsilon: EPSILON,
      initialAccumulator: [0, 1000 * MILLION],
    },
  };

  for (const [name, bounds] of Object.entries(OPTIMIZER_BOUNDS)) {
    for (const [setting, [low, high]] of Object.entries(bounds)) {
      it(`refuses BAD_FIELD for ${setting} of ${name} outside ${low} to ${high}`, () => {
        const changed = (value: number) =>
          opening({ optimizer: { ...(SETTINGS[name] ?? SGD), [setting]: value } });
        // The largest decay needs a small rate, which the default is.
        for (const value of [low, high]) expectApplies(chain, changed(value));
        for (const value of low === 0 ? [high + 1] : [low - 1, high + 1]) {
          const facts = expectRefused(chain, changed(value), "BAD_FIELD");
          expect(facts.field).to.equal(`spec.optimizer.${setting}`);
        }
      });
    }
  }

  it("refuses BAD_FIELD for an optimizer nobody knows, and names those there are", () => {
    const unknown = opening({ optimizer: { ...SGD, kind: 3 } });
    const error = expectCode(() => expectApplies(chain, unknown), "BAD_FIELD");
    expect(error.facts).to.include({ field: "spec.optimizer.kind" });
    expect(error.remedy).to.include("1 (adam)");
  });

  it("refuses BAD_FIELD for a decay that takes whole weights away", () => {
    const decaying = (weightDecay: number) =>
      opening({ optimizer: { ...SGD, learningRate: MILLION, weightDecay } });
    expectApplies(chain, decaying(MILLION - 1));
    const facts = expectRefused(chain, decaying(MILLION), "BAD_FIELD");
    expect(facts.field).to.equal("spec.optimizer.weightDecay");
  });

  it("refuses BAD_FIELD for rows and participants out of bounds", () => {
    const fieldOf = (change: Partial<TrainOrder>) =>
      expectRefused(chain, opening(change), "BAD_FIELD").field;
    expect(fieldOf({ trainRows: 0 })).to.equal("spec.trainRows");
    expect(fieldOf({ trainRows: 100 * MILLION + 1 })).to.equal("spec.trainRows");
    expect(fieldOf({ trainRows: 31 })).to.equal("spec.trainChunks");
    expect(fieldOf({ participants: 0 })).to.equal("spec.participants");
    expect(fieldOf({ participants: MAX_PARTICIPANTS + 1 })).to.equal("spec.participants");
    expectApplies(chain, opening({ participants: MAX_PARTICIPANTS }));
  });

  it("refuses BAD_FIELD for a price below the chain's minimum", () => {
    const facts = expectRefused(chain, opening({ pricePerUnit: 0n }), "BAD_FIELD");
    expect(facts.field).to.equal("spec.pricePerSample");
  });

  it("refuses BAD_FIELD for a hash of nothing", () => {
    for (const field of ["model", "initialParameters", "dataset", "torrent"] as const) {
      const facts = expectRefused(chain, opening({ [field]: new Uint8Array(32) }), "BAD_FIELD");
      expect(facts.field).to.equal(`spec.${field}`);
    }
  });
});
