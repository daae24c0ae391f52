/** docs/training.md, "From updates to the next parameters" and "Metrics". */

import { toHex } from "../../../chain/crypto/hash.ts";
import { type AggregationName, JOB_AGGREGATIONS } from "../../../chain/types/aggregation.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { deltaOf } from "../../../ml/federation/update-codec.ts";
import { SERVER_DEFAULTS, type ServerSettings } from "../../../ml/job-aggregation.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import { Random } from "../../../ml/random.ts";
import { aggregationOf } from "../aggregation.ts";
import { aggregate, checkUpdates, type Merged, merge, normOf } from "../merge-in-memory.ts";
import { seedOf } from "../models.ts";

const LENGTH = 9;
const COHORTS = [1, 2, 3, 4, 7, 11];

export async function mergeVectors(): Promise<object> {
  const cases = [];
  for (const count of COHORTS) cases.push(await cohort(count));
  return {
    about:
      "start, trained, next and vectors: binary32, little-endian, hex. kept: the nodes that step 3 keeps. draw: the seed of the buckets.",
    cases: [...cases, await cohort(5, { outlier: true })],
    servers: await Promise.all(SERVERS.map(([rule, server]) => roundsWith(rule, server))),
  };
}

/** With each server, and with rules that look back. */
const SERVERS: readonly (readonly [AggregationName, ServerSettings])[] = [
  ...Object.values(SERVER_DEFAULTS).map((server) => ["fedavg", server] as const),
  ["fedavg", { kind: "sgd", learningRate: 0.7, momentum: 0.9 }],
  ["centred-clipping", SERVER_DEFAULTS.sgd],
  ["centred-clipping", SERVER_DEFAULTS.yogi],
];
const ROUNDS = 5;

/** The parameters and what is kept after each of a few rounds of five updates, in buckets of two. */
async function roundsWith(rule: AggregationName, server: ServerSettings): Promise<object> {
  const spec = aggregationOf(rule, { bucket: 2 }, server);
  const random = new Random(seedOf(77));
  const draw = seedOf(78);
  const values = (scale: number): Float32Array =>
    Float32Array.from({ length: LENGTH }, () => (random.uniform() - 0.5) * scale);
  const start = values(3);
  const rounds = [];
  let merged: Merged | undefined;
  for (let round = 1; round <= ROUNDS; round++) {
    const from = merged?.parameters ?? start;
    const updates = [0, 1, 2, 3, 4].map((node) => {
      const trained = values(round / 4).map((change, i) => (from[i] ?? 0) + change);
      return { node, samples: 1 + random.below(500), trained };
    });
    const given = updates.map(({ node: participant, samples, trained }) => {
      return { participant, samples, delta: deltaOf(from, trained) };
    });
    merged = await merge(spec, from, given, { before: merged, seed: draw });
    rounds.push({
      updates: updates.map(({ trained, ...update }) => ({ ...update, trained: hex(trained) })),
      next: hex(merged.parameters),
      vectors: merged.vectors.map(hex),
      lengths: merged.lengths,
    });
  }
  return { rule, bucket: 2, server, draw: toHex(draw), start: hex(start), rounds };
}

function hex(floats: Float32Array): string {
  return toHex(bytesOfFloats(floats));
}

async function cohort(count: number, { outlier = false } = {}): Promise<object> {
  const random = new Random(seedOf(count));
  const values = (scale: number): Float32Array =>
    Float32Array.from({ length: LENGTH }, () => (random.uniform() - 0.5) * scale);
  const start = values(3);
  const updates = Array.from({ length: count }, (_, index) => {
    const far = outlier && index === 2 ? 400 : 1;
    const trained = values(far).map((change, i) => (start[i] ?? 0) + change);
    // Given in falling order of the nodes: a merge puts them right.
    return { node: 3 * (count - index), samples: 1 + random.below(500), trained };
  });
  const changes = updates.map(({ node: participant, samples, trained }) => ({
    participant,
    samples,
    delta: deltaOf(start, trained),
  }));
  const verdicts = checkUpdates(changes, {
    maxNorm: 20 * (1 + normOf(start)),
  });
  const kept = changes.filter((_, index) => verdicts[index]?.refusal === undefined);
  const next: Record<string, string> = {};
  for (const rule of JOB_AGGREGATIONS) {
    next[rule] = hex(await aggregate(aggregationOf(rule), start, kept));
  }
  return {
    start: hex(start),
    updates: updates.map(({ trained, ...update }) => ({ ...update, trained: hex(trained) })),
    norms: verdicts.map(({ norm }) => norm),
    kept: kept.map(({ participant }) => participant),
    next,
  };
}

export function metricsVectors(): object {
  const cases: readonly (readonly [lossSum: number, counts: readonly number[]])[] = [
    [1.5, [2, 1, 0, 3]],
    [0.0000025, [1, 0, 0, 0]],
    [7, [0, 0, 0, 0, 5, 1, 0, 0, 0]],
    [12.25, [3, 1, 2, 0, 0, 4, 1, 1, 7]],
    [1e30, [0, 3, 5, 0]],
  ];
  return {
    about: "counts: row by row, label by predicted class. Metrics in millionths, the loss as text.",
    cases: cases.map(([lossSum, counts]) => {
      const samples = counts.reduce((sum, count) => sum + count, 0);
      const metrics = metricsOf({ lossSum, samples, confusion: Uint32Array.from(counts) });
      return { lossSum, counts, metrics: { ...metrics, loss: String(metrics.loss) } };
    }),
  };
}
