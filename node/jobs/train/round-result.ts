/**
 * The merge of one round, which every member of a team computes for itself: updates by their committed hashes, checked,
 * aggregated in canonical order, and the result measured on the test set. Equal inputs give equal records, and
 * co-signing compares these. Updates are fetched to the disk here; a helper process reads and merges them.
 */
import { equalBytes, fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { hasCommitted } from "../../../chain/job/phase.ts";
import {
  type Job,
  type Participant,
  type RefusedUpdate,
  UPDATE_CHECKS,
} from "../../../chain/types/job.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import type { Metrics } from "../../../chain/types/train.ts";
import { bucketSeed } from "../../../chain/workload/train/seed.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainProgress, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { updateBytes } from "../../../ml/federation/update-codec.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Clock } from "../../clock.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { Workers } from "../../workers/workers.ts";
import { fetchCommitted, revealLimit } from "../fetch-committed.ts";
import { JobError } from "../job-error.ts";
import { contributionOf, type RoundOutcome, refusalOf } from "../round-outcome.ts";
import { type JobFiles, shardSamples } from "./job-files.ts";
import type { CommittedUpdate } from "./merge/check-update-file.ts";
import type { MergeOutcome, MergeTask } from "./merge/merge-files.ts";

export interface RoundModules {
  readonly files: Pick<JobFiles, "order" | "parameters" | "serverState" | "modelTask">;
  readonly fetcher: Pick<BlobFetcher, "fetchFile">;
  readonly blobs: Pick<BlobStore, "pathOf" | "newPath" | "adopt" | "discard" | "remove">;
  readonly workers: Pick<Workers, "evaluate">;
  readonly clock: Pick<Clock, "sleep" | "timeout">;
  readonly log: NodeLog;
  /**
   * Runs outside this thread.
   * @throws HelperError
   */
  merge(task: MergeTask, signal: AbortSignal): Promise<MergeOutcome>;
  /** Peer id of a node, which is asked first. */
  peerOf(node: number): string;
}

const EVALUATE_MS = 600_000;

/**
 * @param only node indexes to merge; default: all valid updates that arrive
 * @throws JobError NO_QUORUM while missing updates could still complete a quorum
 */
export async function mergeRound(
  job: Job,
  options: {
    readonly only?: readonly number[];
    readonly phaseMs: number;
    readonly signal: AbortSignal;
  },
  modules: RoundModules,
): Promise<RoundOutcome> {
  const { files, blobs } = modules;
  const { spec } = job;
  const { signal } = options;
  const { dataset } = await files.order(job, signal);
  const { parameterCount, aggregation } = trainSpec(spec);
  const { parameters, serverState } = trainProgress(job);
  const base = await files.parameters(spec, parameters, signal);
  const state = equalBytes(serverState, ZERO_HASH)
    ? undefined
    : await files.serverState(spec, serverState, signal);
  const committed = job.participants
    .map((participant, position) => ({ participant, position }))
    .filter(({ participant }) => hasCommitted(participant))
    .filter(({ participant }) => options.only?.includes(participant.node) ?? true);
  const isWhole = ({ participant, position }: (typeof committed)[number]): boolean =>
    participant.units === shardSamples(job, dataset, position);
  const [whole, partial] = [committed.filter(isWhole), committed.filter((one) => !isWhole(one))];
  const updates = await collectUpdates(
    job,
    whole.map(({ participant }) => participant),
    options,
    modules,
  );
  const [output, stateOutput] = [blobs.newPath(), blobs.newPath()];
  const task = modules.merge(
    {
      base: { path: blobs.pathOf(parameters), hash: base.hash },
      parameterCount,
      round: job.round,
      aggregation,
      state,
      seed: bucketSeed(trainSpec(spec), job.round, parameters),
      quorum: spec.quorum,
      updates,
      output,
      stateOutput,
    },
    signal,
  );
  // A helper that was ended leaves what it has written.
  const merged = await task.catch(async (error: unknown) => {
    await blobs.discard(output);
    await blobs.discard(stateOutput);
    throw error;
  });
  await refetchDamaged(merged, modules);
  const refused = [
    ...partial.map(({ participant }) => refusalOf(participant, "samples")),
    ...merged.refused.map(({ node, check }) => refusalOf(participantOf(job, node), check)),
  ].sort((a, b) => a.node - b.node);
  tellRefused(job, refused, merged, modules.log);
  if (merged.after === undefined) {
    if (committed.length - refused.length < spec.quorum) return { kind: "refused", refused };
    throw new JobError(`${merged.kept.length} usable updates, the job needs ${spec.quorum}`, {
      code: "NO_QUORUM",
      updates: merged.kept.length,
      quorum: spec.quorum,
    });
  }
  await blobs.adopt(output, merged.after);
  if (merged.state !== undefined) await blobs.adopt(stateOutput, merged.state);
  const metrics = await evaluate(job, merged.after, signal, modules);
  const contributions = merged.kept.map((node) => contributionOf(participantOf(job, node)));
  const value = {
    modelBefore: parameters,
    modelAfter: merged.after,
    serverState: merged.state ?? ZERO_HASH,
    metrics,
  };
  return { kind: "merged", result: { contributions, gain: { selector: 0, value } } };
}

/** The updates that arrived in time, each as a file on this disk. */
async function collectUpdates(
  { spec }: Job,
  committed: readonly Participant[],
  { phaseMs, signal }: { readonly phaseMs: number; readonly signal: AbortSignal },
  { fetcher, clock, peerOf }: RoundModules,
): Promise<CommittedUpdate[]> {
  const patience = revealLimit(phaseMs, clock);
  const limit = AbortSignal.any([signal, patience]);
  const train = trainSpec(spec);
  const maxBytes = updateBytes(train.parameterCount);
  const arrived = await Promise.all(
    committed.map(async ({ node, updateHash, checkpointRoot, units }) => {
      const wanted = { peer: peerOf(node), maxBytes, limit };
      const fetched = await fetchCommitted(updateHash, wanted, { fetcher, clock });
      if (fetched === undefined) return [];
      const file = { path: fetched.path, hash: toHex(updateHash) };
      const segments = segmentCount(train, units);
      return [{ node, file, samples: units, checkpointRoot, segments }];
    }),
  );
  signal.throwIfAborted();
  return arrived.flat();
}

/** Files that this disk has damaged say nothing about their senders. */
async function refetchDamaged(
  { damaged }: MergeOutcome,
  { blobs }: Pick<RoundModules, "blobs">,
): Promise<void> {
  const [first] = damaged;
  if (first === undefined) return;
  for (const hash of damaged) await blobs.remove(fromHex(hash));
  throw new JobError(
    `blob ${first} on this disk was damaged`,
    { code: "WRONG_BLOB", what: first },
    { action: "local", remedy: "it was removed and is fetched again; check the disk" },
  );
}

function tellRefused(
  job: Job,
  refused: readonly RefusedUpdate[],
  merged: MergeOutcome,
  log: NodeLog,
): void {
  for (const { node, check } of refused) {
    const reason = merged.refused.find((one) => one.node === node)?.reason;
    log.warn("update left out", {
      job: toHex(job.id),
      round: job.round,
      node,
      check: UPDATE_CHECKS[check],
      ...(reason !== undefined && { reason }),
    });
  }
}

async function evaluate(
  job: Job,
  after: Uint8Array,
  signal: AbortSignal,
  { files, workers }: RoundModules,
): Promise<Metrics> {
  const { dataset } = await files.order(job, signal);
  const parameters = await files.parameters(job.spec, after, signal);
  const indexes = [...dataset.test.files.keys()];
  const task = await files.modelTask(job, parameters, { split: "test", indexes }, signal);
  const evaluation = await workers.evaluate(
    { ...task, chunks: indexes },
    { deadlineMs: EVALUATE_MS, signal },
  );
  return metricsOf(evaluation);
}

function participantOf(job: Job, node: number): Participant {
  const found = job.participants.find((participant) => participant.node === node);
  if (found === undefined) throw new RangeError(`node ${node} is no participant`);
  return found;
}
