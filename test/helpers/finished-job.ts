/** A chain whose first job is settled, and the model directory its certificate belongs to. */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import type { ModelDirectory } from "../../node/jobs/verify-model.ts";
import { TestChain } from "./chain.ts";
import { jobOf, jobSpec, nextStep, openJob } from "./job-run.ts";
import { LightChain } from "./light-chain.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const TOPOLOGY = { class_name: "Sequential", config: { layers: [] } };

export interface FinishedJob {
  readonly ledger: LightChain;
  /** Job id, hex. */
  readonly job: string;
  readonly files: ModelDirectory;
  /** Height the certificate is anchored at. */
  readonly anchor: number;
}

/** @param anchor height at which the certificate is made */
export async function finishedJob(anchor: number): Promise<FinishedJob> {
  const chain = new TestChain();
  const ledger = new LightChain(chain);
  const model = sha256(canonicalJson(TOPOLOGY));
  const open = openJob(chain, chain.client, jobSpec("job", { model }));
  ledger.advance(open);
  while (phaseOf(jobOf(chain, open)) !== "settled") {
    ledger.advance(...nextStep(chain, jobOf(chain, open)));
  }
  ledger.advanceTo(anchor);
  const job = jobOf(chain, open);
  return { ledger, job: toHex(job.id), files: await filesOf(ledger, job.round), anchor };
}

async function filesOf(ledger: LightChain, rounds: number): Promise<ModelDirectory> {
  return {
    "certificate.json": text(JSON.stringify(await ledger.certificate(0))),
    "model.json": text(JSON.stringify({ modelTopology: TOPOLOGY, weightsManifest: [] })),
    // What the job-run helper says the last round ended with.
    "weights.bin": text(`model after ${rounds}`),
  };
}
