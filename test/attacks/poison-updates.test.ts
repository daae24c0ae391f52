/**
 * A fifth of the participants of a training round sends updates that are to spoil the model: turned round, a little
 * beyond the edge of the honest ones so that no test of one update sees it (ALIE, arXiv 1902.06156), against the mean
 * with small steps (IPM, arXiv 1903.03936), or copies of one honest update, so that it weighs more. All are short enough
 * to pass the checks of lengths. Gain sought: a worse model, or one that does what the attacker wants. Must hold: with
 * the rules made for it the combined update stays near that of the honest, where the mean is far from it; and nobody
 * chooses with whom it shares a bucket.
 */
import { expect } from "chai";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { AggregationName } from "../../chain/types/aggregation.ts";
import { bucketSeed } from "../../chain/workload/train/seed.ts";
import { drawBuckets } from "../../ml/federation/buckets.ts";
import { Random } from "../../ml/random.ts";
import { aggregationOf } from "../helpers/aggregation.ts";
import { checkUpdates, merge, type ParticipantUpdate } from "../helpers/merge-in-memory.ts";

const LENGTH = 400;
const HONEST = 16;
const HOSTILE = 4;
/** Of one value of an honest update, around the direction that they share. */
const NOISE = 0.5;
/** The largest error, as a share of the length of the honest update. krum takes one update, with all of its noise. */
const LIMITS: Partial<Record<AggregationName, number>> = {
  median: 0.3,
  "trimmed-mean": 0.35,
  krum: 0.7,
  "multi-krum": 0.1,
  "geometric-median": 0.25,
  "centred-clipping": 0.25,
};

const random = new Random(new Uint8Array(32).fill(11));

/** Nearly a normal distribution. */
function noise(): number {
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += random.uniform();
  return sum - 6;
}

type Values = Float32Array;

function honestUpdates(): Values[] {
  return Array.from({ length: HONEST }, () =>
    new Float32Array(LENGTH).map((_, i) => Math.sin(i) + NOISE * noise()),
  );
}

function meanOf(values: readonly Values[]): Values {
  return new Float32Array(LENGTH).map(
    (_, i) => values.reduce((sum, one) => sum + (one[i] ?? 0), 0) / values.length,
  );
}

function lengthOf(values: Values): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

const ATTACKS: Readonly<Record<string, (honest: readonly Values[]) => Values>> = {
  "turned round": (honest) => meanOf(honest).map((value) => -3 * value),
  ALIE: (honest) => {
    const mean = meanOf(honest);
    return mean.map((value, i) => {
      const spread = honest.reduce((sum, one) => sum + ((one[i] ?? 0) - value) ** 2, 0) / HONEST;
      return value - 1.5 * Math.sqrt(spread);
    });
  },
  IPM: (honest) => meanOf(honest).map((value) => -0.5 * value),
  "one direction": () => new Float32Array(LENGTH).map(() => 2.5),
};

describe("attack: poison the updates of a round", () => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(`${name}: the rules made for it stay near the honest update`, async () => {
      const honest = honestUpdates();
      const hostile = attack(honest);
      const deltas = [...honest, ...new Array<Values>(HOSTILE).fill(hostile)];
      const updates = deltas.map((delta, participant): ParticipantUpdate => {
        return { participant, samples: 100, delta };
      });
      expect(checkUpdates(updates).every(({ refusal }) => refusal === undefined)).to.equal(true);
      const wanted = meanOf(honest);
      const errorOf = async (rule: AggregationName): Promise<number> => {
        const base = new Float32Array(LENGTH);
        // The centre that it goes out from: the combined update of the round before.
        const before = {
          vectors: [wanted.map((value) => value + NOISE * noise() * 0.3)],
          lengths: [],
        };
        const isCentred = rule === "centred-clipping";
        const spec = aggregationOf(rule, isCentred ? { clip: 6 } : {});
        const { parameters } = await merge(spec, base, updates, isCentred ? { before } : {});
        return lengthOf(parameters.map((value, i) => value - (wanted[i] ?? 0))) / lengthOf(wanted);
      };
      const errors = new Map<string, number>();
      const rules = ["fedavg", ...(Object.keys(LIMITS) as AggregationName[])] as const;
      for (const rule of rules) errors.set(rule, await errorOf(rule));
      const shown = [...errors].map(([rule, error]) => `${rule} ${error.toFixed(2)}`);
      process.stdout.write(`      error of the combined update: ${shown.join(", ")}\n`);
      for (const [rule, limit] of Object.entries(LIMITS)) {
        expect(errors.get(rule), rule).to.be.below(limit);
      }
      if (name === "ALIE" || name === "IPM") return;
      expect(errors.get("fedavg"), "the mean").to.be.above(0.6);
    });
  }

  it("nobody chooses its bucket: the draw follows from the round before", () => {
    const spec = { seed: sha256(Uint8Array.of(1)) };
    const model = sha256(Uint8Array.of(2));
    const draw = (round: number, before: Uint8Array): string =>
      JSON.stringify(drawBuckets(20, 2, new Random(bucketSeed(spec, round, before))));
    expect(draw(1, model)).to.equal(draw(1, model));
    expect(draw(2, model)).not.to.equal(draw(1, model));
    expect(draw(1, sha256(model))).not.to.equal(draw(1, model));
  });
});
