/** docs/training.md as a whole: two rounds of a small job with everything that a replay of it reads. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { Job, JobRecord } from "../../../chain/types/job.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { trainResult, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { encodeManifest } from "../../../ml/dataset/manifest.ts";
import { TemporaryFolders } from "../temporary.ts";
import { trainedJob } from "../trained-job.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** One job a process: it takes a second. */
let made: Promise<object> | undefined;

export function updateVectors(): Promise<object> {
  made ??= describedJob();
  return made;
}

async function describedJob(): Promise<object> {
  const folders = new TemporaryFolders();
  try {
    const { job, dataset, model, blobs, records } = await trainedJob(await folders.create());
    const hexOf = async (hash: Uint8Array): Promise<string> =>
      toHex((await blobs.get(hash)) ?? new Uint8Array());
    return {
      about:
        "A settled job, its files and records. SSZ and bytes are hex; blobs by their SHA-256; updates in the order of the contributions.",
      job: toHex(Job.serialize(job)),
      topology: text(canonicalJson(model.json)),
      manifest: text(encodeManifest(dataset.manifest)),
      chunks: Object.fromEntries(
        Array.from(dataset.chunks, ([file, bytes]) => [file, toHex(bytes)]),
      ),
      initialParameters: await hexOf(trainSpec(job.spec).initialParameters),
      rounds: await Promise.all(
        records.map(async (record) => ({
          record: toHex(JobRecord.serialize(record)),
          modelAfter: await hexOf(trainResult(record).modelAfter),
          updates: await Promise.all(
            record.contributions.map(async ({ updateHash, units }) => ({
              segments: segmentCount(trainSpec(job.spec), units),
              bytes: await hexOf(updateHash),
            })),
          ),
        })),
      ),
    };
  } finally {
    await folders.removeAll();
  }
}
