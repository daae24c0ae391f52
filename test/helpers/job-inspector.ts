/** Reads orders in this process: for tests whose files are their own. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { JobSpec } from "../../chain/types/job.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { hyperparametersOf } from "../../ml/job-hyperparameters.ts";
import type { BlobStore } from "../../node/blobs/blob-store.ts";
import { engineOf } from "../../node/jobs/train/job-engine.ts";
import type { JobFilesModules } from "../../node/jobs/train/job-files.ts";
import { type Inspection, inspectOrder } from "../../node/jobs/train/orders/inspect-order.ts";

export const INSPECTOR: JobFilesModules["inspector"] = {
  inspect: async (spec, participants, { files, signal }) => {
    const train = trainSpec(spec);
    const { parameterCount, trainRows, trainChunks, testRows } = train;
    const facts = {
      engine: engineOf(train),
      hyperparameters: hyperparametersOf(train),
      parameterCount,
      operations: Number(train.operations),
      trainRows,
      trainChunks,
      testRows,
      participants,
    };
    return inspectOrder({ ...(await files(signal)), facts });
  },
};

/** For orders whose files lie in a store. */
export function inspectStored(blobs: BlobStore): (spec: JobSpec) => Promise<Inspection> {
  const file = (hash: Uint8Array) => ({ path: blobs.pathOf(hash), hash: toHex(hash) });
  return (spec) =>
    INSPECTOR.inspect(spec, spec.participants, {
      client: "",
      files: async () => ({
        model: file(trainSpec(spec).model),
        manifest: file(trainSpec(spec).dataset),
      }),
      signal: new AbortController().signal,
    });
}
