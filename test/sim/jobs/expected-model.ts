/** The models of a job's rounds, worked out again in a few lines from who took part in them. */

import { equalBytes, sha256 } from "../../../chain/crypto/hash.ts";
import type { Job, JobRecord } from "../../../chain/types/job.ts";
import { bucketSeed, trainingSeed } from "../../../chain/workload/train/seed.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainProgress, trainResult, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { deltaOf } from "../../../ml/federation/update-codec.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import { type Merged, merge } from "../../helpers/merge-in-memory.ts";
import { trainingLieOf } from "./lies.ts";
import { INITIAL } from "./order.ts";
import type { JobPlan } from "./plan.ts";
import type { Outcome } from "./simulation.ts";
import { evaluated, trained } from "./stand-in-engine.ts";

/** Rounds come once each and in order, and every record says what its contributors' work comes to. */
export async function recordFindings({ plan, job, records }: Outcome): Promise<string[]> {
  if (job === undefined) return [];
  let parameters: Float32Array = INITIAL;
  let merged: Merged | undefined;
  const findings: string[] = [];
  for (const [i, record] of records.entries()) {
    const what = `round ${record.round}`;
    const { modelBefore, modelAfter: claimed, metrics } = trainResult(record);
    if (record.round !== i + 1) findings.push(`${what} is recorded as number ${i + 1}`);
    if (!equalBytes(modelBefore, hashOf(parameters))) {
      findings.push(`${what} starts from another model`);
    }
    if (record.contributions.length < plan.spec.quorum) findings.push(`${what} has no quorum`);
    merged = await modelAfter(plan, job, record, parameters, merged);
    ({ parameters } = merged);
    if (!equalBytes(claimed, hashOf(parameters))) {
      findings.push(`${what} leads to another model than its updates`);
    }
    const { loss, accuracy } = metricsOf(evaluated(parameters));
    if (metrics.loss !== loss || metrics.accuracy !== accuracy) {
      findings.push(`${what} has the metrics of another model`);
    }
  }
  return findings;
}

export function lastModelOf({ job, records }: Outcome): Uint8Array {
  const last = records.at(-1);
  if (last !== undefined) return trainResult(last).modelAfter;
  return job === undefined ? new Uint8Array(32) : trainProgress(job).parameters;
}

async function modelAfter(
  { spec, lies }: JobPlan,
  { participants }: Job,
  { round, contributions }: JobRecord,
  start: Float32Array,
  before: Merged | undefined,
): Promise<Merged> {
  const train = trainSpec(spec);
  const updates = contributions.map(({ node, units: samples }) => {
    const position = participants.findIndex((participant) => participant.node === node);
    const seed = trainingSeed(train, round, position);
    const order = { seed, samples, segments: segmentCount(train, samples) };
    const run = trained(start, order, trainingLieOf(lies.get(node) ?? "none"));
    const end = run.states.at(-1)?.parameters ?? start;
    return { participant: node, samples, delta: deltaOf(start, end) };
  });
  const draw = bucketSeed(train, round, hashOf(start));
  return merge(train.aggregation, start, updates, { before, seed: draw });
}

function hashOf(parameters: Float32Array): Uint8Array {
  return sha256(bytesOfFloats(parameters));
}
