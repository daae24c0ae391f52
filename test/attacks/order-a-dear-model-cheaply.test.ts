/**
 * A client orders work that costs much at the price of work that costs little: a large model, tiny batches, a huge
 * test set, a large team. Inequality: price of the order >= its operations x the chain's price of operations.
 */
import { expect } from "chai";
import { jobPrice } from "../../chain/job/price.ts";
import { checkJobSpec } from "../../chain/transactions/job-open.ts";
import type { JobSpec } from "../../chain/types/job.ts";
import { lowestPrice, orderOperations } from "../../chain/workload/train/price.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../helpers/expect-transaction.ts";
import { jobSpec, openJob } from "../helpers/job-run.ts";

const TERA = 1e12;

/** Operations counted anew, in doubles, from what nodes do. */
function workOf(spec: JobSpec): number {
  const { rounds, localEpochs, trainRows, testRows, batchSize, ...train } = trainSpec(spec);
  const operations = Number(train.operations);
  const samples = rounds * localEpochs * trainRows;
  const steps = (samples / batchSize) * train.parameterCount * 10;
  const tests = (rounds * testRows * spec.teamSize * operations) / 3;
  return samples * operations + steps + tests;
}

describe("attack: order a dear model at the price of a cheap one", () => {
  const chain = new TestChain();
  const { parameters } = chain.head.state;
  const opening = (spec: JobSpec) => openJob(chain, chain.client, spec);

  it("pays for its operations, whatever model, batch, test set and team", () => {
    let orders = 0;
    for (const [operations, parameterCount] of [
      [1_000n, 100],
      [3_000_000n, 60_000],
      [120_000_000n, 20_000_000],
      [40_000_000_000n, 50_000_000],
    ] as const) {
      for (const batchSize of [1, 32, 4096]) {
        for (const testRows of [1, 10_000, 10_000_000]) {
          for (const teamSize of [3, 16]) {
            for (const trainRows of [32, 60_000]) {
              const draft = jobSpec("job", {
                operations,
                parameterCount,
                batchSize,
                testRows,
                teamSize,
                trainRows,
              });
              const spec = { ...draft, pricePerUnit: lowestPrice(draft, parameters) };
              const price = Number(jobPrice(spec, parameters));
              const worth = (workOf(spec) / TERA) * Number(parameters.minPricePerTeraflop);
              expect(price >= worth, `${price} for ${worth}`).to.equal(true);
              if (spec.pricePerUnit <= 1n) continue;
              const cheap = { ...spec, pricePerUnit: spec.pricePerUnit - 1n };
              const { facts } = expectCode(() => checkJobSpec(cheap, parameters), "BAD_FIELD");
              expect(facts).to.include({ field: "spec.pricePerSample" });
              orders += 1;
            }
          }
        }
      }
    }
    process.stdout.write(`      ${orders} orders refused a micro-unit below their price\n`);
    expect(orders).to.be.above(40);
  });

  it("must state the cost of its model, within bounds", () => {
    for (const operations of [0n, 10n ** 15n + 1n]) {
      const { field } = expectRefused(chain, opening(jobSpec("job", { operations })), "BAD_FIELD");
      expect(field).to.equal("spec.operations");
    }
    expectApplies(chain, opening(jobSpec("job", { operations: 1n })));
    const [cheap, dear] = [10n ** 6n, 10n ** 9n].map((operations) =>
      orderOperations(jobSpec("job", { operations })),
    );
    if (cheap === undefined || dear === undefined) throw new RangeError("not two");
    expect(dear > 500n * cheap, "a model a thousand times as dear is ordered as such").to.equal(
      true,
    );
  });
});
