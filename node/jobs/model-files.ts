/** The trained model of a job in tfjs format, and its torrent once the job has ended. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { modelJsonOf } from "../../ml/model/artifact.ts";
import { readLayersModel } from "../../ml/model/read-layers-model.ts";
import type { Torrents } from "../../p2p/torrent/torrents.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import type { ModelFiles } from "../services.ts";
import { JobError } from "./job-error.ts";

const MAX_MODEL_BYTES = 16 * 1024 * 1024;

export interface ModelFilesModules {
  readonly fetcher: BlobFetcher;
  readonly torrents: Torrents;
}

/** @throws JobError JOB_NOT_FINISHED; BlobError BLOB_NOT_FOUND */
export async function readModelFiles(
  job: Job,
  { fetcher }: Pick<ModelFilesModules, "fetcher">,
  signal: AbortSignal,
): Promise<ModelFiles> {
  const phase = phaseOf(job);
  const hasEnded = phase === "finished" || phase === "settled";
  const hasRecord = job.credits.some((credit) => credit > 0);
  if (!hasEnded || !hasRecord) {
    const id = toHex(job.id);
    throw new JobError(
      `job ${id} has no model yet: it is ${phase}`,
      { code: "JOB_NOT_FINISHED", job: id, phase },
      { action: "local", remedy: "wait for its last round; `npx poml job watch` shows it" },
    );
  }
  const { spec } = job;
  const topology: unknown = JSON.parse(
    new TextDecoder().decode(
      await fetcher.fetch(spec.model, { maxBytes: MAX_MODEL_BYTES, signal }),
    ),
  );
  const model = await readLayersModel(topology);
  const weights = await fetcher.fetch(job.parameters, {
    maxBytes: 4 * spec.parameterCount,
    signal,
  });
  return { "model.json": canonicalJson(modelJsonOf(model)), "weights.bin": weights };
}

/** Writes the model into a folder of its own and shares it as a torrent. */
export async function publishModel(
  dataDir: string,
  job: Job,
  modules: ModelFilesModules,
  signal: AbortSignal,
): Promise<{ infoHash: Uint8Array }> {
  const files = await readModelFiles(job, modules, signal);
  const folder = join(dataDir, "models", toHex(job.id));
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return modules.torrents.seed(folder);
}
