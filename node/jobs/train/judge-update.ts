/**
 * Replays the drawn part of an update and returns the finding. A failure on this node's side is thrown; the participant
 * is never blamed for it.
 */
import { unreachable } from "../../../chain/committee/seal.ts";
import { equalBytes } from "../../../chain/crypto/hash.ts";
import { digestsProof, leafDigest, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { ALL_SEGMENTS, type Audit } from "../../../chain/types/audit.ts";
import type { Job } from "../../../chain/types/job.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import { trainingSeed } from "../../../chain/workload/train/seed.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import { isBoundTo } from "../../../ml/audit/bound-update.ts";
import { decodeUpdate, updateBytes } from "../../../ml/federation/update-codec.ts";
import { UpdateError } from "../../../ml/federation/update-error.ts";
import {
  decodeCheckpoint,
  maxCheckpointBytes,
  stateHash,
} from "../../../ml/training/checkpoint.ts";
import { CheckpointError } from "../../../ml/training/checkpoint-error.ts";
import type { BlobPeers } from "../../blobs/blob-peers.ts";
import type { Clock } from "../../clock.ts";
import { parameterCount } from "../../workers/kinds/model-task.ts";
import type { TrainTask } from "../../workers/kinds/train/task.ts";
import { WorkerError } from "../../workers/worker-error.ts";
import type { Workers } from "../../workers/workers.ts";
import type { AuditExchange, ServedRun } from "../audit-exchange.ts";
import {
  ASK_PART,
  ASK_PAUSE_MS,
  fetchBlob,
  fetchRun,
  STATE_PART,
  UPDATE_PART,
  type WantedBlob,
} from "../fetch-served.ts";
import { JobError } from "../job-error.ts";
import type { Finding, JudgeOptions } from "../replay-finding.ts";
import { type JobFiles, shardChunks, shardSamples } from "./job-files.ts";

export interface JudgeModules {
  readonly files: Pick<JobFiles, "order" | "parameters" | "modelTask">;
  readonly workers: Pick<Workers, "train" | "retrain">;
  readonly exchange: Pick<AuditExchange, "ask">;
  readonly peers: Pick<BlobPeers, "request">;
  readonly clock: Pick<Clock, "monotonic" | "sleep" | "timeout">;
}

const STATE_MS = 120_000;

/** @throws BlobError, WorkerError, DatasetError, the signal's reason; then there is no finding */
export async function judgeUpdate(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<Finding> {
  try {
    return await judgeOrdered(job, audit, options, modules);
  } catch (error) {
    if (!isMisfit(error)) throw error;
    // The training by such an order cannot give what the participant committed to.
    const isAll = audit.segment === ALL_SEGMENTS;
    const reached = isAll ? ZERO_HASH : cannotReach("no-state", audit);
    return { answer: "mismatch", segment: 0, reached };
  }
}

/**
 * If files do not fit the order, this follows from their bytes alone; if they cannot be read, this machine may be the
 * cause.
 */
function isMisfit(error: unknown): boolean {
  const { facts } = error instanceof JobError ? error : {};
  return facts?.code === "ORDER_IMPOSSIBLE" && facts.reason === "misfit";
}

async function judgeOrdered(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<Finding> {
  const { files } = modules;
  const { signal } = options;
  const { dataset } = await files.order(job, signal);
  if (audit.units !== shardSamples(job, dataset, audit.shard)) {
    return { answer: "mismatch", segment: 0, reached: cannotReach("other-samples", audit) };
  }
  const update =
    audit.merged === 1 ? "as-committed" : await checkUpdate(job, audit, options, modules);
  if (update === "not-served") return { answer: "not-served" };
  if (update === "other") {
    return { answer: "mismatch", segment: 0, reached: cannotReach("other-update", audit) };
  }
  const task = await taskOf(job, audit, signal, files);
  return audit.segment === ALL_SEGMENTS
    ? judgeAll(job, audit, task, options, modules)
    : judgeSegment(job, audit, task, options, modules);
}

async function taskOf(
  job: Job,
  audit: Audit,
  signal: AbortSignal,
  files: JudgeModules["files"],
): Promise<TrainTask> {
  const { localEpochs, seed: orderSeed } = trainSpec(job.spec);
  const parameters = await files.parameters(job.spec, audit.base, signal);
  const chunks = shardChunks(job, audit.shard);
  const model = await files.modelTask(job, parameters, { split: "train", indexes: chunks }, signal);
  const seed = trainingSeed({ seed: orderSeed }, audit.round, audit.shard);
  return { ...model, chunks, epochs: localEpochs, seed };
}

/** Needs nothing from the participant, unless the update is wrong. */
async function judgeAll(
  job: Job,
  audit: Audit,
  task: TrainTask,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<Finding> {
  const { deadlineMs, signal } = options;
  const result = await replayed(() => modules.workers.train(task, { deadlineMs, signal }));
  if (result !== undefined && equalBytes(merkleRoot(result.checkpoints), audit.checkpointRoot)) {
    return { answer: "match", proof: result.checkpoints };
  }
  const served = await runOf(job, audit, options, modules);
  if (served === undefined) return { answer: "not-served" };
  const reached = result?.checkpoints ?? (await hashesBeforeDivergence(task, options, modules));
  const differs = reached.findIndex((hash, i) => {
    const digest = served.digests[i];
    return digest === undefined || (hash !== undefined && !equalBytes(leafDigest(hash), digest));
  });
  // If all reachable states are right, the states after them cannot be.
  const wrong = differs === -1 ? reached.length : differs;
  // An auditor of all segments answers openly: there is no seal to show.
  return { answer: "mismatch", segment: Math.max(0, wrong - 1), reached: ZERO_HASH };
}

/** Of the states before a run diverges, without the first one. */
async function hashesBeforeDivergence(
  task: TrainTask,
  { deadlineMs, signal }: JudgeOptions,
  { workers }: JudgeModules,
): Promise<readonly (Uint8Array | undefined)[]> {
  const hashes: (Uint8Array | undefined)[] = [undefined];
  const onState = (index: number, state: Uint8Array): void => {
    hashes[index] = stateHash(decodeCheckpoint(state, parameterCount(task)));
  };
  await replayed(() => workers.train(task, { deadlineMs, signal, onState }));
  return hashes;
}

async function judgeSegment(
  job: Job,
  audit: Audit,
  task: TrainTask,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<Finding> {
  const { segment } = audit;
  const { deadlineMs, signal } = options;
  const served = await runOf(job, audit, options, modules);
  if (served === undefined) return { answer: "not-served" };
  const { digests } = served;
  const { parameterCount } = trainSpec(job.spec);
  const startState =
    segment === 0
      ? undefined
      : await fetchBlob(
          stateAt(served.startState, parameterCount, options.stageMs),
          options,
          modules,
        );
  if (segment > 0 && !isState(startState, digests[segment], parameterCount)) {
    return { answer: "not-served" };
  }
  const replay = await replayed(() =>
    modules.workers.retrain({ ...task, segment, startState }, { deadlineMs, signal }),
  );
  const isAt = (hash: Uint8Array | undefined, index: number): boolean =>
    hash !== undefined && equalBytes(leafDigest(hash), digests[index] ?? ZERO_HASH);
  const mismatch = (reached: Uint8Array): Finding => ({ answer: "mismatch", segment: 0, reached });
  if (replay === undefined) return mismatch(cannotReach("no-state", audit));
  if (!isAt(replay.origin, 0)) return mismatch(cannotReach("other-origin", audit));
  if (!isAt(replay.end, segment + 1)) return mismatch(replay.end);
  const path = digestsProof(digests, segment + 1).siblings;
  return { answer: "match", proof: [replay.end, ...path] };
}

/**
 * Checks an update that no record merged: only its auditors confirm that it can be fetched, and that it equals the last
 * committed state.
 */
async function checkUpdate(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<"as-committed" | "other" | "not-served"> {
  const spec = trainSpec(job.spec);
  const { parameterCount } = spec;
  const { clock } = modules;
  const { updateHash, checkpointRoot, units } = audit;
  const until = clock.monotonic() + options.stageMs / UPDATE_PART;
  for (;;) {
    const limitMs = until - clock.monotonic();
    if (limitMs <= 0) return "not-served";
    const wanted = { hash: updateHash, maxBytes: updateBytes(parameterCount), limitMs };
    const bytes = await fetchBlob(wanted, options, modules);
    if (bytes === undefined) {
      await clock.sleep(Math.min(ASK_PAUSE_MS, options.stageMs / ASK_PART), options.signal);
      continue;
    }
    try {
      const update = decodeUpdate(bytes, parameterCount);
      const isTheirs = update.participant === audit.node && update.round === audit.round;
      const isLast = isBoundTo(update, checkpointRoot, segmentCount(spec, units));
      return isTheirs && isLast ? "as-committed" : "other";
    } catch (error) {
      if (error instanceof UpdateError) return "other";
      throw error;
    }
  }
}

function cannotReach(
  why: Parameters<typeof unreachable>[0],
  { checkpointRoot, segment }: Audit,
): Uint8Array {
  return unreachable(why, checkpointRoot, segment);
}

function runOf(
  job: Job,
  audit: Audit,
  options: JudgeOptions,
  modules: JudgeModules,
): Promise<ServedRun | undefined> {
  const count = segmentCount(trainSpec(job.spec), audit.units) + 1;
  return fetchRun(job, audit, count, options, modules);
}

function stateAt(hash: Uint8Array, parameterCount: number, stageMs: number): WantedBlob {
  const limitMs = Math.min(STATE_MS, stageMs / STATE_PART);
  return { hash, maxBytes: maxCheckpointBytes(parameterCount), limitMs };
}

/** True for the bytes of a state with this digest. */
function isState(
  bytes: Uint8Array | undefined,
  digest: Uint8Array | undefined,
  parameterCount: number,
): boolean {
  if (bytes === undefined || digest === undefined) return false;
  try {
    return equalBytes(leafDigest(stateHash(decodeCheckpoint(bytes, parameterCount))), digest);
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}

/** Errors of a replay to which no honest participant commits. The last one means that the order gives a false cost. */
const THEIRS: readonly string[] = ["BAD_CHECKPOINT", "DIVERGED", "OTHER_OPERATIONS"];

/** Undefined when the committed start state belongs to no training, or when no node should have accepted the order. */
async function replayed<T>(replay: () => Promise<T>): Promise<T | undefined> {
  try {
    return await replay();
  } catch (error) {
    const { facts } = error instanceof WorkerError ? error : {};
    const isTheirs = facts?.code === "TASK_FAILED" && THEIRS.includes(facts.reason);
    if (isTheirs) return undefined;
    throw error;
  }
}
