/** docs/training.md, "From updates to the next parameters" and "Metrics". */

import { toHex } from "../../../chain/crypto/hash.ts";
import { JOB_AGGREGATIONS } from "../../../chain/types/train.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { deltaOf } from "../../../ml/federation/update-codec.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import { Random } from "../../../ml/random.ts";
import { aggregate, checkUpdates, normOf } from "../merge-in-memory.ts";
import { seedOf } from "../models.ts";

const LENGTH = 9;
const COHORTS = [1, 2, 3, 4, 7, 11];

export function mergeVectors(): object {
  return {
    about:
      "start, trained and next: binary32, little-endian, hex. kept: the nodes that step 3 keeps.",
    cases: [...COHORTS.map((count) => cohort(count)), cohort(5, { outlier: true })],
  };
}

function cohort(count: number, { outlier = false } = {}): object {
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
  const hex = (floats: Float32Array): string => toHex(bytesOfFloats(floats));
  return {
    start: hex(start),
    updates: updates.map(({ trained, ...update }) => ({ ...update, trained: hex(trained) })),
    norms: verdicts.map(({ norm }) => norm),
    kept: kept.map(({ participant }) => participant),
    next: Object.fromEntries(
      JOB_AGGREGATIONS.map((rule) => [rule, hex(aggregate(rule, start, kept))]),
    ),
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
