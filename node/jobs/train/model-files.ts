/** The trained model of a job in tfjs format, with the manifest of its dataset. */

import { toHex } from "../../../chain/crypto/hash.ts";
import { outcomeOf, phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { trainProgress, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { jobKindOf } from "../../../chain/workload/workloads.ts";
import { MAX_MANIFEST_BYTES } from "../../../ml/dataset/manifest.ts";
import { MAX_MODEL_BYTES, modelJsonOf } from "../../../ml/model/artifact.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import { BlobError } from "../../blobs/blob-store.ts";
import { JobError } from "../job-error.ts";
import { describeOutcome, hasModel } from "../job-outcome.ts";
import type { ModelFiles } from "./model-folders.ts";
import type { ModelOpener } from "./models/model-opener.ts";

export interface ModelFilesModules {
  readonly fetcher: Pick<BlobFetcher, "fetch">;
  readonly opener: Pick<ModelOpener, "read">;
}

/** @throws JobError JOB_NOT_FINISHED, JOB_HAS_NO_MODEL, MODEL_GONE; as ModelOpener */
export async function readModelFiles(
  job: Job,
  { fetcher, opener }: ModelFilesModules,
  signal: AbortSignal,
): Promise<ModelFiles> {
  requireModel(job);
  const { model: modelHash, dataset, parameterCount } = trainSpec(job.spec);
  const { parameters } = trainProgress(job);
  const fetch = async (hash: Uint8Array, maxBytes: number): Promise<Uint8Array> => {
    try {
      return await fetcher.fetch(hash, { maxBytes, signal });
    } catch (error) {
      if (error instanceof BlobError && error.code === "BLOB_NOT_FOUND")
        throw modelGone(job, error);
      throw error;
    }
  };
  const topology: unknown = JSON.parse(
    new TextDecoder().decode(await fetch(modelHash, MAX_MODEL_BYTES)),
  );
  const model = await opener.read(topology);
  const weights = await fetch(parameters, 4 * parameterCount);
  const manifest = await fetch(dataset, MAX_MANIFEST_BYTES);
  return { "model.json": modelJsonOf(model), "weights.bin": weights, "dataset.json": manifest };
}

/** @throws JobError JOB_NOT_FINISHED while a model may still come, JOB_HAS_NO_MODEL when none will */
export function requireModel(job: Job): void {
  if (hasModel(job)) return;
  const id = toHex(job.id);
  const phase = phaseOf(job);
  if (jobKindOf(job.spec) !== "train") {
    throw new JobError(
      `job ${id} trains nothing, so it has no model`,
      { code: "JOB_HAS_NO_MODEL", job: id },
      { action: "local", remedy: "`npx poml job show` tells what came of it" },
    );
  }
  const { reason, remedy = "order it again: `npx poml job submit`" } = describeOutcome(job);
  if (outcomeOf(job) !== "open" && job.round === 0) {
    const facts = { code: "JOB_HAS_NO_MODEL", job: id } as const;
    throw new JobError(`job ${id}: ${reason}`, facts, { action: "local", remedy });
  }
  throw new JobError(
    `job ${id} has no model yet: ${reason}`,
    { code: "JOB_NOT_FINISHED", job: id, phase },
    { action: "local", remedy: "wait for its end; `npx poml job watch` shows it" },
  );
}

function modelGone(job: Job, cause: BlobError): JobError {
  const id = toHex(job.id);
  return new JobError(
    `the model of job ${id} is on none of the connected nodes`,
    { code: "MODEL_GONE", job: id },
    {
      action: "local",
      cause,
      remedy:
        "nodes keep it for jobs.keepHours after the settlement; wait for a node that still has it, or order it again",
    },
  );
}
