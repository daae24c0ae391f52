/** A chain whose first job is settled, and the model directory its certificate belongs to. */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import { buildDataset } from "../../ml/dataset/build.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { importCsv } from "../../ml/dataset/import-csv.ts";
import { encodeManifest, rowCount } from "../../ml/dataset/manifest.ts";
import { modelJsonOf } from "../../ml/model/artifact.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { encodeCertificate } from "../../node/light/certificate.ts";
import type { ResultDirectory } from "../../node/light/verify-result.ts";
import type { ModelDirectory } from "../../node/light/verify-train.ts";
import { TestChain } from "./chain.ts";
import { flowersCsv } from "./flowers.ts";
import { jobOf, jobSpec, nextStep, openJob, weightsAfter } from "./job-run.ts";
import { LightChain } from "./light-chain.ts";
import { layer, sequential } from "./models.ts";

const MODEL = parseLayersModel(
  sequential(
    layer("Dense", "hidden/one", { batch_input_shape: [null, 4], units: 2, activation: "relu" }),
    layer("Dense", "output", { units: 3, activation: "softmax" }),
  ),
);
const { manifest: MANIFEST } = buildDataset(importCsv(flowersCsv(60), { name: "flowers" }).dataset);

export interface FinishedJob {
  readonly ledger: LightChain;
  /** Job id, hex. */
  readonly job: string;
  readonly files: ResultDirectory & ModelDirectory;
  /** Height the certificate is anchored at. */
  readonly anchor: number;
}

/** @param anchor height at which the certificate is made */
export async function finishedJob(anchor: number): Promise<FinishedJob> {
  const chain = new TestChain();
  const ledger = new LightChain(chain);
  const spec = jobSpec("job", {
    model: sha256(canonicalJson(MODEL.json)),
    parameterCount: MODEL.parameterCount,
    dataset: sha256(encodeManifest(MANIFEST)),
    trainRows: rowCount(MANIFEST, "train"),
    testRows: rowCount(MANIFEST, "test"),
    trainChunks: MANIFEST.train.length,
  });
  const open = openJob(chain, chain.client, spec);
  ledger.advance(open);
  while (phaseOf(jobOf(chain, open)) !== "settled") {
    ledger.advance(...nextStep(chain, jobOf(chain, open), weightsAfter));
  }
  ledger.advanceTo(anchor);
  const job = jobOf(chain, open);
  return { ledger, job: toHex(job.id), files: await filesOf(ledger, job), anchor };
}

async function filesOf(ledger: LightChain, job: Job): Promise<ResultDirectory & ModelDirectory> {
  return {
    "certificate.json": encodeCertificate(await ledger.certificate(0)),
    "model.json": modelJsonOf(MODEL),
    "weights.bin": weightsAfter(job),
    "dataset.json": encodeManifest(MANIFEST),
  };
}
