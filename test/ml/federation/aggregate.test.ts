import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../chain/crypto/hash.ts";
import { JOB_AGGREGATIONS } from "../../../chain/types/train.ts";
import type { AggregationName } from "../../../ml/federation/aggregate.ts";
import { Random } from "../../../ml/random.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import {
  aggregate,
  type ParticipantUpdate,
  parametersHash,
} from "../../helpers/merge-in-memory.ts";

function update(participant: number, samples: number, ...delta: number[]): ParticipantUpdate {
  return { participant, samples, delta: Float32Array.from(delta) };
}

function aggregated(name: AggregationName, ...updates: ParticipantUpdate[]): number[] {
  return [...aggregate(name, Float32Array.of(10, -10), updates)];
}

describe("aggregate", () => {
  it("fedavg weighs by samples", () => {
    expect(aggregated("fedavg", update(0, 1, 1, 0), update(1, 3, 5, 8))).to.deep.equal([14, -4]);
    expect(aggregated("fedavg", update(0, 0, 1, 0), update(1, 0, 3, 8))).to.deep.equal([12, -6]);
  });

  it("median takes the middle value and is not moved by one liar", () => {
    const honest = [update(0, 5, 1, 1), update(1, 5, 2, 3)];
    expect(aggregated("median", ...honest)).to.deep.equal([11.5, -8]);
    expect(aggregated("median", ...honest, update(2, 999, 1e30, -1e30))).to.deep.equal([12, -9]);
  });

  it("trimmed-mean leaves the extremes out from five updates on", () => {
    const values = [1, 2, 3, 100, -50].map((value, i) => update(i, 1, value, 0));
    expect(aggregated("trimmed-mean", ...values)).to.deep.equal([12, -10]);
    expect(aggregated("trimmed-mean", ...values.slice(0, 2))).to.deep.equal([11.5, -10]);
  });

  for (const name of JOB_AGGREGATIONS) {
    it(`${name} gives the same hash for any order of arrival`, () => {
      const random = new Random(new Uint8Array(32).fill(3));
      const base = new Float32Array(500).map(() => random.uniform() - 0.5);
      const updates = Array.from({ length: 7 }, (_, participant) => ({
        participant: participant * 3,
        samples: 100 + random.below(900),
        delta: base.map(() => (random.uniform() - 0.5) * 2 ** (random.below(40) - 20)),
      }));
      const expected = toHex(parametersHash(aggregate(name, base, updates)));
      fc.assert(
        fc.property(
          fc.shuffledSubarray(updates, { minLength: 7, maxLength: 7 }),
          (arrived) => toHex(parametersHash(aggregate(name, base, arrived))) === expected,
        ),
      );
    });
  }

  it("does not change its arguments", () => {
    const base = Float32Array.of(1);
    const updates = [update(2, 1, 4), update(1, 1, 8)];
    for (const name of JOB_AGGREGATIONS) aggregate(name, base, updates);
    expect(updates).to.deep.equal([update(2, 1, 4), update(1, 1, 8)]);
    expect([...base]).to.deep.equal([1]);
  });

  it("refuses a sum that no float32 holds", () => {
    const huge = [update(0, 1, 3e38, 0)];
    expectCode(() => aggregate("fedavg", Float32Array.of(3e38, 0), huge), "NOT_FINITE");
  });
});
