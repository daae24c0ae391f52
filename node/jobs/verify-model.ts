/** Whether a model directory is what its certificate says, given what the reader trusts. */
import { formatAddress } from "../../chain/crypto/address.ts";
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { isOut, phaseOf } from "../../chain/job/phase.ts";
import { isAuditable } from "../../chain/job/segments.ts";
import { checkFresh } from "../../chain/light/verify.ts";
import { Header } from "../../chain/types/block.ts";
import type { Job } from "../../chain/types/job.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { type Anchored, anchorCertificate, type LightSource, type Trust } from "./anchor.ts";
import { decodeCertificate, VerifyError } from "./certificate.ts";

export interface ModelDirectory {
  readonly "certificate.json": Uint8Array;
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
}

export interface ProvedClaim {
  readonly claim: string;
  readonly detail: string;
}

export interface VerifyOptions {
  /** A node to ask for what the certificate lacks; without one the check is offline. */
  readonly source?: LightSource | undefined;
  /** Refuses to start from a block older than `limitMs`. */
  readonly age?: { readonly nowMs: bigint; readonly limitMs: bigint } | undefined;
}

/**
 * Checks a model directory.
 * @throws VerifyError naming the claim that does not hold; LightError, InvalidCertificate
 */
export async function verifyModelDirectory(
  files: ModelDirectory,
  trust: Trust,
  { source, age }: VerifyOptions = {},
): Promise<{ proved: ProvedClaim[] }> {
  const decoded = decodeCertificate(files["certificate.json"]);
  const anchored = await anchorCertificate(decoded, trust, source);
  if (age !== undefined) checkFresh(anchored.trusted, age);
  const { job } = anchored;
  const hasEnded = ["finished", "settled"].includes(phaseOf(job));
  // Of a job that was cancelled or never drawn the chain has only the weights it was to start from.
  require(hasEnded && job.round > 0, "the job has ended with a model");
  require(equalBytes(
    sha256(files["weights.bin"]),
    job.parameters,
  ), "the weights are those the job ended with");
  require(equalBytes(
    sha256(topologyOf(files["model.json"])),
    job.spec.model,
  ), "the architecture is the one the client ordered");
  return { proved: claims(anchored) };
}

function claims({ block, job, trusted }: Anchored): ProvedClaim[] {
  const { header, certificate, seats } = block;
  const signers = certificate.signatures.map(({ seat }) => seats[seat]?.weight ?? 0n);
  const signed = signers.reduce((sum, weight) => sum + weight, 0n);
  const start = trusted.height === 0 ? "the genesis" : `block ${trusted.height}`;
  const time = new Date(Number(trusted.time)).toISOString();
  return [
    {
      claim: "final",
      detail: `block ${header.height}:${toHex(Header.hashTreeRoot(header))} signed by ${signers.length} of ${seats.length} seats, weight ${signed} of ${header.totalWeight}`,
    },
    { claim: "chain", detail: `it follows from ${start} of ${time}, which you trust` },
    ...jobClaims(job),
  ];
}

function jobClaims(job: Job): ProvedClaim[] {
  const percent = (micro: number): string => `${(micro / 10_000).toFixed(2)} %`;
  const { spec, metrics } = job;
  const participants = job.participants.filter(({ paidRounds }) => paidRounds > 0);
  return [
    {
      claim: "job",
      detail: `${toHex(job.id)} for ${formatAddress(job.client)}, ${job.round} rounds recorded`,
    },
    { claim: "weights", detail: `SHA-256 ${toHex(job.parameters)}` },
    { claim: "architecture", detail: `SHA-256 ${toHex(spec.model)}` },
    {
      claim: "dataset",
      detail: `manifest SHA-256 ${toHex(spec.dataset)}, ${spec.trainRows} training and ${spec.testRows} test rows`,
    },
    {
      claim: "metrics",
      detail: `recorded by the team on the test rows: accuracy ${percent(metrics.accuracy)}, F1 ${percent(metrics.f1)}`,
    },
    {
      claim: "participants",
      detail: participants
        .map(({ node, paidSamples }) => `node #${node}: ${paidSamples} sample steps`)
        .join("; "),
    },
    { claim: "audits", detail: auditsOf(job) },
  ];
}

function auditsOf({ spec, participants, audits }: Job): string {
  if (!isAuditable(spec)) return "not verified: nobody can replay what this engine did";
  const verified = participants.reduce((sum, { verifiedRounds }) => sum + verifiedRounds, 0);
  const paid = participants.reduce((sum, { paidRounds }) => sum + paidRounds, 0);
  const faulty = participants.filter(isOut);
  const marks = faulty.map(({ node, faultRound }) => `node #${node} from round ${faultRound} on`);
  return [
    `${verified} of ${paid} paid updates replayed in part by others, bit by bit`,
    ...(audits.length > 0 ? [`${audits.length} audits under way`] : []),
    ...(marks.length > 0 ? [`found false and still in the rounds: ${marks.join(", ")}`] : []),
  ].join("; ");
}

/** The canonical bytes of the topology inside a tfjs model.json. */
function topologyOf(bytes: Uint8Array): Uint8Array {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const hasTopology = typeof json === "object" && json !== null && "modelTopology" in json;
    return canonicalJson(hasTopology ? json.modelTopology : json);
  } catch (error) {
    throw new VerifyError(
      "model.json is not JSON",
      { code: "CERTIFICATE_FORMAT", claim: "model.json" },
      { cause: error },
    );
  }
}

function require(holds: boolean, claim: string): void {
  if (holds) return;
  throw new VerifyError(
    `not proved: ${claim}`,
    { code: "NOT_PROVED", claim },
    { remedy: "do not use these weights; download them again or check the trusted block" },
  );
}
