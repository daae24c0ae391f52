/** Checks that the files of a trained model are those of the job that its certificate proves. */
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import type { Job } from "../../chain/types/job.ts";
import { isAuditable } from "../../chain/workload/train/segments.ts";
import { trainProgress, trainSpec } from "../../chain/workload/train/train-of.ts";
import {
  CanonicalJsonError,
  canonicalJson,
  parseCanonicalJson,
} from "../../ml/dataset/canonical-json.ts";
import { decodeCanonicalManifest, type Manifest, rowCount } from "../../ml/dataset/manifest.ts";
import { decodeArtifact } from "../../ml/model/artifact.ts";
import { hasModel } from "../jobs/job-outcome.ts";
import { VerifyError } from "./certificate.ts";
import { auditsOf, jobClaim, type ProvedClaim, require } from "./claims.ts";

/** The largest number of column and class names that are shown. */
const MAX_LISTED = 20;

export interface ModelDirectory {
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
  readonly "dataset.json": Uint8Array;
}

/**
 * For a job exactly one set of files is accepted: every byte of them follows from the job.
 * @throws VerifyError naming the claim that is not proved; ModelError and DatasetError for invalid files
 */
export async function checkTrained(files: ModelDirectory, job: Job): Promise<ProvedClaim[]> {
  require(hasModel(job), "the job has ended with a model");
  await checkModel(files, job);
  const manifest = checkDataset(files["dataset.json"], job);
  return [...jobClaims(job), datasetClaim(job, manifest)];
}

async function checkModel(files: ModelDirectory, job: Job): Promise<void> {
  const spec = trainSpec(job.spec);
  const { parameters } = trainProgress(job);
  const modelJson = files["model.json"];
  const weights = files["weights.bin"];
  require(equalBytes(
    sha256(weights),
    parameters,
  ), "the weights are those with which the job ended");
  // The topology's own text is hashed before a model is built from it.
  const topology = topologyOf(modelJson);
  require(equalBytes(
    sha256(topology),
    spec.model,
  ), "the architecture is the one that the client ordered");
  const { model } = await decodeArtifact(modelJson, weights);
  require(model.parameterCount === spec.parameterCount, "the job counts the model's parameters");
}

function checkDataset(bytes: Uint8Array, job: Job): Manifest {
  const spec = trainSpec(job.spec);
  require(equalBytes(sha256(bytes), spec.dataset), "the manifest is that of the job's dataset");
  const manifest = decodeCanonicalManifest(bytes);
  const fits =
    rowCount(manifest, "train") === spec.trainRows &&
    rowCount(manifest, "test") === spec.testRows &&
    manifest.train.length === spec.trainChunks;
  require(fits, "the job counts the rows and chunks of its dataset");
  return manifest;
}

function jobClaims(job: Job): ProvedClaim[] {
  const percent = (micro: number): string => `${(micro / 10_000).toFixed(2)} %`;
  const { model } = trainSpec(job.spec);
  const { parameters, metrics } = trainProgress(job);
  const participants = job.participants.filter(({ paidRounds }) => paidRounds > 0);
  return [
    jobClaim(job),
    { claim: "weights", detail: `SHA-256 ${toHex(parameters)}` },
    { claim: "architecture", detail: `SHA-256 ${toHex(model)}` },
    {
      claim: "metrics",
      detail: `recorded by the team on the test rows: accuracy ${percent(metrics.accuracy)}, F1 ${percent(metrics.f1)}`,
    },
    {
      claim: "participants",
      detail: participants
        .map(({ node, paidUnits }) => `node #${node}: ${paidUnits} sample steps`)
        .join("; "),
    },
    {
      claim: "audits",
      detail: isAuditable(trainSpec(job.spec))
        ? auditsOf(job)
        : "not verified: nobody can replay the work of this engine",
    },
  ];
}

function datasetClaim(job: Job, { columns, shape, classes }: Manifest): ProvedClaim {
  const { dataset, trainRows, testRows } = trainSpec(job.spec);
  const names =
    columns.length === 0
      ? `shape ${shape.join(" x ")}`
      : `columns ${listed(columns.map(({ name }) => name))}`;
  return {
    claim: "dataset",
    detail: `manifest SHA-256 ${toHex(dataset)}, ${trainRows} training and ${testRows} test rows; ${names}; classes ${listed(classes)}`,
  };
}

/** Names from a stranger's file, without characters that a terminal would interpret. */
function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, MAX_LISTED)
    .map((name) => JSON.stringify(name.slice(0, 40)).replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd"));
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

/** The canonical bytes of the topology inside model.json. */
function topologyOf(modelJson: Uint8Array): Uint8Array {
  try {
    const json = parseCanonicalJson(modelJson);
    const hasTopology = typeof json === "object" && json !== null && "modelTopology" in json;
    return canonicalJson(hasTopology ? json.modelTopology : null);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    throw new VerifyError(
      `not proved: model.json is ${error.message}`,
      { code: "NOT_PROVED", claim: "model.json is in the canonical form" },
      { cause: error, remedy: "download the model again with `npx poml job result`" },
    );
  }
}
