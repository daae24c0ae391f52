import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../chain/crypto/hash.ts";
import { type AggregationSpec, JOB_AGGREGATIONS } from "../../../chain/types/aggregation.ts";
import { type AggregationSettings, SERVER_DEFAULTS } from "../../../ml/job-aggregation.ts";
import { Random } from "../../../ml/random.ts";
import { aggregationOf } from "../../helpers/aggregation.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import {
  aggregate,
  merge,
  type ParticipantUpdate,
  parametersHash,
} from "../../helpers/merge-in-memory.ts";

function update(participant: number, samples: number, ...delta: number[]): ParticipantUpdate {
  return { participant, samples, delta: Float32Array.from(delta) };
}

type Rule = AggregationSettings["rule"];

/** From 0 on, so that the result is the combined update. */
async function combined(
  rule: Rule | readonly [Rule, Partial<AggregationSettings>],
  ...updates: ParticipantUpdate[]
): Promise<number[]> {
  const spec = typeof rule === "string" ? aggregationOf(rule) : aggregationOf(...rule);
  return [...(await aggregate(spec, new Float32Array(updates[0]?.delta.length ?? 0), updates))];
}

function near(found: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  expect(found).to.have.lengthOf(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).to.be.closeTo(value, tolerance);
}

const EVERY: readonly (readonly [name: string, spec: AggregationSpec])[] = [
  ...JOB_AGGREGATIONS.map((rule) => [rule, aggregationOf(rule)] as const),
  ...JOB_AGGREGATIONS.map(
    (rule) => [`${rule} in buckets`, aggregationOf(rule, { bucket: 2 })] as const,
  ),
  ...Object.entries(SERVER_DEFAULTS).map(
    ([name, server]) => [`server ${name}`, aggregationOf("fedavg", {}, server)] as const,
  ),
];

describe("combining updates", () => {
  it("fedavg weighs by samples", async () => {
    expect(await combined("fedavg", update(0, 1, 1, 0), update(1, 3, 5, 8))).to.deep.equal([4, 6]);
    expect(await combined("fedavg", update(0, 0, 1, 0), update(1, 0, 3, 8))).to.deep.equal([2, 4]);
  });

  it("median takes the middle value and is not moved by one liar", async () => {
    const honest = [update(0, 5, 1, 1), update(1, 5, 2, 3)];
    expect(await combined("median", ...honest)).to.deep.equal([1.5, 2]);
    expect(await combined("median", ...honest, update(2, 999, 1e30, -1e30))).to.deep.equal([2, 1]);
  });

  it("trimmed-mean leaves the extremes out on both sides", async () => {
    const values = [1, 2, 3, 100, -50].map((value, i) => update(i, 1, value, 0));
    expect(await combined("trimmed-mean", ...values)).to.deep.equal([2, 0]);
    expect(await combined("trimmed-mean", ...values.slice(0, 2))).to.deep.equal([1.5, 0]);
    const wide = ["trimmed-mean", { hostile: 0.4 }] as const;
    expect(
      await combined(wide, ...values.slice(0, 3), update(3, 1, 7, 0), update(4, 1, 8, 0)),
    ).to.deep.equal([3, 0]);
  });

  it("krum takes the update nearest to its nearest others", async () => {
    const updates = [
      update(0, 1, 0, 0),
      update(1, 1, 1, 0),
      update(2, 1, 0, 1),
      update(3, 1, 0.5, 0.25),
      update(4, 9, 100, 100),
    ];
    // With f = 1 two neighbours count. Squared distances of number 3: 0.3125 to 0, 0.3125 to 1, 0.8125 to 2.
    expect(await combined("krum", ...updates)).to.deep.equal([0.5, 0.25]);
    expect(await combined("krum", ...updates.slice(0, 3)), "of equal ones the first").to.deep.equal(
      [0, 0],
    );
  });

  it("multi-krum is the mean by samples of all but the worst", async () => {
    const updates = [
      update(0, 1, 1, 0),
      update(1, 1, 3, 0),
      update(2, 1, 1, 4),
      update(3, 3, 3, 4),
      update(4, 9, 100, 100),
    ];
    near(await combined("multi-krum", ...updates), [(1 + 3 + 1 + 9) / 6, (4 + 12) / 6]);
  });

  it("geometric-median stays with the majority", async () => {
    const on = (x: number, i: number): ParticipantUpdate => update(i, 1, x, 2 * x);
    near(await combined("geometric-median", ...[0, 1, 10].map(on)), [1, 2], 0.05);
    near(await combined("geometric-median", update(0, 1, 4, 4), update(1, 1, 4, 4)), [4, 4]);
    // Three updates in a regular triangle: the centre.
    const corners = [0, 1, 2].map((k) =>
      update(k, 1, Math.cos((2 * Math.PI * k) / 3), Math.sin((2 * Math.PI * k) / 3)),
    );
    near(await combined("geometric-median", ...corners), [0, 0]);
  });

  it("norm-clipping cuts long updates to the median length, or to the one that is asked for", async () => {
    const updates = [update(0, 1, 3, 4), update(1, 1, 0, 1), update(2, 2, 1, 0)];
    near(await combined("norm-clipping", ...updates), [(0.6 + 2) / 4, (0.8 + 1) / 4]);
    near(await combined(["norm-clipping", { clip: 2.5 }], ...updates), [
      (1.5 + 2) / 4,
      (2 + 1) / 4,
    ]);
  });

  it("centred-clipping goes out from the last change and is pulled a limited way, three times", async () => {
    const spec = aggregationOf("centred-clipping", { clip: 1 });
    const base = new Float32Array(1);
    const updates = [update(0, 1, 10), update(1, 1, 0.5)];
    // 0: pulls 1 and 0.5; 0.75: 1 and -0.25; 1.125: 1 and -0.625.
    const first = await merge(spec, base, updates);
    near([...first.parameters], [1.3125]);
    near([...(first.vectors[0] ?? [])], [1.3125]);
    // 1.3125: 1 and -0.8125; 1.40625: 1 and -0.90625; 1.453125: 1 and -0.953125.
    const second = await merge(spec, base, updates, { before: first });
    near([...second.parameters], [1.4765625]);
  });

  it("centred-clipping takes twice the median length of three rounds before for its limit", async () => {
    const spec = aggregationOf("centred-clipping");
    const base = new Float32Array(1);
    let before = await merge(spec, base, [update(0, 1, 1), update(1, 1, 2), update(2, 1, 3)]);
    expect(before.lengths).to.deep.equal([2]);
    for (const length of [4, 6, 8])
      before = await merge(spec, base, [update(0, 1, length)], { before });
    expect(before.lengths).to.deep.equal([4, 6, 8]);
    const start = { vectors: [new Float32Array(1)], lengths: [0.5, 0.25, 9] };
    // The limit is 1: one update far away moves the centre by 1 in each of three steps.
    const far = await merge(spec, base, [update(0, 1, 1000)], { before: start });
    near([...far.parameters], [3]);
  });

  it("buckets average their updates before a rule sees them", async () => {
    // One bucket has all four: whatever the rule, it is the mean by samples.
    const updates = [update(0, 1, 1), update(1, 1, 2), update(2, 2, 3), update(3, 4, 100)];
    for (const rule of ["median", "krum", "geometric-median"] as const) {
      near(await combined([rule, { bucket: 4 }], ...updates), [(1 + 2 + 6 + 400) / 8], 1e-4);
    }
    const pairs = await combined(
      ["median", { bucket: 2 }],
      ...updates.map((one) => ({ ...one, samples: 1 })),
    );
    near(pairs, [(1 + 2 + 3 + 100) / 4], 1e-4);
  });

  for (const [name, spec] of EVERY) {
    it(`${name} gives the same hash for any order of arrival`, async () => {
      const random = new Random(new Uint8Array(32).fill(3));
      const base = new Float32Array(500).map(() => random.uniform() - 0.5);
      const updates = Array.from({ length: 50 }, (_, participant) => ({
        participant: participant * 3,
        samples: 100 + random.below(900),
        delta: base.map(() => (random.uniform() - 0.5) * 2 ** (random.below(40) - 20)),
      }));
      const expected = toHex(parametersHash(await aggregate(spec, base, updates)));
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray(updates, { minLength: 50, maxLength: 50 }),
          async (arrived) =>
            toHex(parametersHash(await aggregate(spec, base, arrived))) === expected,
        ),
        { numRuns: 50 },
      );
    });
  }

  it("does not change its arguments", async () => {
    const base = Float32Array.of(1);
    const updates = [update(2, 1, 4), update(1, 1, 8)];
    for (const [, spec] of EVERY) await aggregate(spec, base, updates);
    expect(updates).to.deep.equal([update(2, 1, 4), update(1, 1, 8)]);
    expect([...base]).to.deep.equal([1]);
  });

  it("refuses a sum that no float32 holds", async () => {
    const huge = [update(0, 1, 3e38, 0)];
    const base = Float32Array.of(3e38, 0);
    await expectCodeAsync(() => aggregate(aggregationOf("fedavg"), base, huge), "NOT_FINITE");
  });
});

describe("server optimizers", () => {
  const updates = [update(0, 1, 1, -2), update(1, 1, 3, -2)];
  const rounds = async (
    server: (typeof SERVER_DEFAULTS)[keyof typeof SERVER_DEFAULTS] | object,
    count: number,
  ): Promise<number[][]> => {
    const spec = aggregationOf("fedavg", {}, server as Parameters<typeof aggregationOf>[2]);
    let merged = await merge(spec, new Float32Array(2), updates);
    const seen = [[...merged.parameters]];
    for (let round = 2; round <= count; round++) {
      merged = await merge(spec, merged.parameters, updates, { before: merged });
      seen.push([...merged.parameters]);
    }
    return seen;
  };

  it("sgd with momentum keeps its speed: FedAvgM", async () => {
    const seen = await rounds({ kind: "sgd", learningRate: 0.5, momentum: 0.5 }, 3);
    // Speeds 2, 3, 3.5 for a change of 2.
    near(seen[0] ?? [], [1, -1]);
    near(seen[1] ?? [], [2.5, -2.5]);
    near(seen[2] ?? [], [4.25, -4.25]);
  });

  it("adagrad, adam and yogi divide by what they know of the squares", async () => {
    const settings = { learningRate: 0.1, beta1: 0.5, tau: 0.5 };
    // The change is (2, -2): squares 4; known squares begin with tau^2 = 0.25.
    const [adagrad] = await rounds({ kind: "adagrad", ...settings }, 1);
    near(adagrad ?? [], [0.1 / (Math.sqrt(4.25) + 0.5), -0.1 / (Math.sqrt(4.25) + 0.5)]);
    const [adam] = await rounds({ kind: "adam", ...settings, beta2: 0.75 }, 1);
    const known = 0.75 * 0.25 + 0.25 * 4;
    near(adam ?? [], [0.1 / (Math.sqrt(known) + 0.5), -0.1 / (Math.sqrt(known) + 0.5)]);
    const [first, second] = await rounds({ kind: "yogi", ...settings, beta2: 0.75 }, 2);
    const moved = 0.25 + 0.25 * 4;
    near(first ?? [], [0.1 / (Math.sqrt(moved) + 0.5), -0.1 / (Math.sqrt(moved) + 0.5)]);
    const again = (first?.[0] ?? 0) + (0.1 * 1.5) / (Math.sqrt(moved + 1) + 0.5);
    near(second ?? [], [again, -again]);
  });
});
