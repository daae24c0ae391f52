/**
 * The merge of one round, as every member of a team computes it for itself: updates by their
 * committed hashes, checked, aggregated in canonical order, the result measured on the test set.
 * Equal inputs give equal records, which is what co-signing compares.
 */
import { setTimeout as delay } from "node:timers/promises";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { hasCommitted } from "../../chain/job/phase.ts";
import { segmentCount } from "../../chain/job/segments.ts";
import {
  type Contribution,
  JOB_AGGREGATIONS,
  type Job,
  type Metrics,
  type Participant,
  type RefusedUpdate,
  UPDATE_CHECKS,
  type UpdateCheck,
} from "../../chain/types/job.ts";
import { isBoundTo } from "../../ml/audit/bound-update.ts";
import { bytesOfFloats } from "../../ml/bytes.ts";
import { aggregate, type ParticipantUpdate } from "../../ml/federation/aggregate.ts";
import { checkUpdates, normOf } from "../../ml/federation/check-updates.ts";
import { decodeUpdate, deltaOf, updateBytes } from "../../ml/federation/update-codec.ts";
import { UpdateError, type UpdateFacts } from "../../ml/federation/update-error.ts";
import { metricsOf } from "../../ml/metrics.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Workers } from "../workers/tasks.ts";
import { JobError } from "./job-error.ts";
import { type JobFiles, shardSamples } from "./job-files.ts";

export interface RoundModules {
  readonly files: JobFiles;
  readonly fetcher: BlobFetcher;
  readonly blobs: BlobStore;
  readonly workers: Workers;
  readonly log: NodeLog;
  /** Peer id of a node, for asking it first. */
  peerOf(node: number): string;
}

export interface RoundResult {
  readonly contributions: readonly Contribution[];
  readonly modelAfter: Uint8Array;
  readonly metrics: Metrics;
}

/** Either the round's record, or why it can have none: `refused` leaves no quorum. */
export type RoundOutcome =
  | { readonly kind: "merged"; readonly result: RoundResult }
  | { readonly kind: "refused"; readonly refused: readonly RefusedUpdate[] };

/** Time given to updates that do not come, as a share of the phase. */
const REVEAL_SHARE = 0.3;
/** Between two looks for an update that is not there yet; doubles up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** Only its participant has an update at first; the others are asked, too, every so many looks. */
const ASK_ALL_EVERY = 4;
const EVALUATE_MS = 600_000;
/** A round may move the parameters so many times their own length; anything more is no training. */
const MAX_STEP = 20;

/**
 * @param only node indexes to merge; default all whose updates arrive and hold
 * @throws JobError NO_QUORUM when updates that are missing could still make one
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
  const base = await files.parameters(spec, job.parameters, signal);
  const { manifest } = await files.manifest(spec, signal);
  const committed = job.participants
    .map((participant, position) => ({ participant, position }))
    .filter(({ participant }) => hasCommitted(participant))
    .filter(({ participant }) => options.only?.includes(participant.node) ?? true);
  const isWhole = ({ participant, position }: (typeof committed)[number]): boolean =>
    participant.samples === shardSamples(job, manifest, position);
  const [whole, partial] = [committed.filter(isWhole), committed.filter((one) => !isWhole(one))];
  const arrivals = await collectUpdates(
    job,
    base,
    whole.map(({ participant }) => participant),
    options,
    modules,
  );
  const updates = arrivals.flatMap((arrival) =>
    arrival.kind === "update" ? [arrival.update] : [],
  );
  const verdicts = verdictsOn(updates, base);
  const kept = updates.filter(({ participant }) => !verdicts.has(participant));
  const refused = [
    ...partial.map(({ participant }) => refusalOf(participant, "samples")),
    ...arrivals.flatMap((arrival) =>
      arrival.kind === "broken" ? [refusalOf(arrival.participant, arrival.check)] : [],
    ),
    ...whole.flatMap(({ participant }) => {
      const check = verdicts.get(participant.node);
      return check === undefined ? [] : [refusalOf(participant, check)];
    }),
  ].sort((a, b) => a.node - b.node);
  for (const { node, check } of refused) {
    const name = UPDATE_CHECKS[check];
    modules.log.warn("update left out", {
      job: toHex(job.id),
      round: job.round,
      node,
      check: name,
    });
  }
  if (kept.length < spec.quorum) {
    if (committed.length - refused.length < spec.quorum) return { kind: "refused", refused };
    throw new JobError(`${kept.length} usable updates, the job needs ${spec.quorum}`, {
      code: "NO_QUORUM",
      updates: kept.length,
      quorum: spec.quorum,
    });
  }
  const rule = JOB_AGGREGATIONS[spec.aggregation] ?? "fedavg";
  const next = aggregate(rule, base, kept);
  const modelAfter = await blobs.put(bytesOfFloats(next));
  const contributions = kept
    .map(({ participant: node }) => contributionOf(job, node))
    .sort((a, b) => a.node - b.node);
  const metrics = await evaluate(job, next, signal, modules);
  return { kind: "merged", result: { contributions, modelAfter, metrics } };
}

/** What came for a commit: an update, bytes that are none, or nothing in time. */
type Arrival =
  | { readonly kind: "update"; readonly update: ParticipantUpdate }
  | { readonly kind: "broken"; readonly participant: Participant; readonly check: UpdateCheck }
  | { readonly kind: "missing" };

function collectUpdates(
  job: Job,
  base: Float32Array,
  committed: readonly Participant[],
  { phaseMs, signal }: { readonly phaseMs: number; readonly signal: AbortSignal },
  { fetcher, log, peerOf }: RoundModules,
): Promise<Arrival[]> {
  const patience = AbortSignal.timeout(Math.max(1_000, Math.floor(phaseMs * REVEAL_SHARE)));
  const limit = AbortSignal.any([signal, patience]);
  const maxBytes = updateBytes(job.spec.parameterCount);
  return Promise.all(
    committed.map(async (participant): Promise<Arrival> => {
      const { node, updateHash, checkpointRoot, samples } = participant;
      const broken = (reason: string, check: UpdateCheck = "format"): Arrival => {
        log.warn("update refused", { job: toHex(job.id), node, reason });
        return { kind: "broken", participant, check };
      };
      for (let look = 0; !limit.aborted; look++) {
        try {
          const bytes = await fetcher.fetch(updateHash, {
            prefer: [peerOf(node)],
            onlyPreferred: (look + 1) % ASK_ALL_EVERY !== 0,
            maxBytes,
            signal: limit,
          });
          const update = decodeUpdate(bytes, job.spec.parameterCount);
          if (update.participant !== node || update.round !== job.round) {
            return broken("it is of another node or round");
          }
          if (!isBoundTo(update, checkpointRoot, segmentCount(job.spec, samples))) {
            return broken("it is not its last checkpoint");
          }
          const delta = deltaOf(base, update.parameters);
          return { kind: "update", update: { participant: node, samples, delta } };
        } catch (error) {
          // Only what the bytes themselves say is the participant's doing.
          if (error instanceof UpdateError) return broken(error.code, CHECKS[error.code]);
          await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** look), limit);
        }
      }
      signal.throwIfAborted();
      return { kind: "missing" };
    }),
  );
}

/** The checks that updates fail, by node. */
function verdictsOn(
  updates: readonly ParticipantUpdate[],
  base: Float32Array,
): Map<number, UpdateCheck> {
  const verdicts = checkUpdates(updates, {
    parameterCount: base.length,
    maxNorm: MAX_STEP * (1 + normOf(base)),
  });
  return new Map(
    verdicts.flatMap(({ participant, refusal }) => {
      const check = refusal && (CHECKS[refusal.code] ?? "format");
      return check === undefined ? [] : [[participant, check] as const];
    }),
  );
}

const CHECKS: Partial<Record<UpdateFacts["code"], UpdateCheck>> = {
  NOT_FINITE: "not-finite",
  NORM: "norm",
  NO_CHANGE: "no-change",
};

function refusalOf({ node, updateHash }: Participant, check: UpdateCheck): RefusedUpdate {
  return { node, updateHash, check: UPDATE_CHECKS.indexOf(check) };
}

async function evaluate(
  job: Job,
  parameters: Float32Array,
  signal: AbortSignal,
  { files, workers }: RoundModules,
): Promise<Metrics> {
  const { manifest } = await files.manifest(job.spec, signal);
  const indexes = [...manifest.test.keys()];
  const task = await files.modelTask(job.spec, parameters, { split: "test", indexes }, signal);
  const evaluation = await workers.evaluate(
    { ...task, chunks: indexes },
    { deadlineMs: EVALUATE_MS, signal },
  );
  return metricsOf(evaluation);
}

function contributionOf(job: Job, node: number): Contribution {
  const found = job.participants.find((participant) => participant.node === node);
  if (found === undefined) throw new RangeError(`node ${node} is no participant`);
  const { updateHash, samples, trainMs, updateBytes: bytes } = found;
  return { node, updateHash, samples, trainMs, updateBytes: bytes };
}

/** True when two members computed the same round. */
export function sameResult(a: RoundResult, b: RoundResult): boolean {
  return (
    equalBytes(a.modelAfter, b.modelAfter) &&
    a.metrics.loss === b.metrics.loss &&
    a.metrics.accuracy === b.metrics.accuracy &&
    a.metrics.precision === b.metrics.precision &&
    a.metrics.recall === b.metrics.recall &&
    a.metrics.f1 === b.metrics.f1
  );
}

/** Ends early when the signal fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => {});
}
