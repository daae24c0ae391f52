/**
 * The portable certificate of a trained model: a header, the precommits that made it final, the
 * seats that signed, and the job with its Merkle path to the header's state root. `verifyModel`
 * needs nothing else and no network.
 */
import { z } from "zod";
import { blockHash } from "../../chain/apply-block.ts";
import { formatAddress } from "../../chain/crypto/address.ts";
import { equalBytes, fromHex, sha256, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { isIncluded, proveRecord, recordIndex } from "../../chain/proof/inclusion.ts";
import { Certificate, Header } from "../../chain/types/block.ts";
import { Job } from "../../chain/types/job.ts";
import { Seats } from "../../chain/types/state.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import type { Chain } from "../chain/chain.ts";

const Hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .max(4_000_000);
const CertificateSchema = z.strictObject({
  version: z.literal(1),
  /** The block to trust, for readers; checked against the header. */
  anchor: z.strictObject({ height: z.number().int().min(1), hash: Hex.length(64) }),
  genesisRoot: Hex.length(64),
  header: Hex,
  certificate: Hex,
  seats: Hex,
  job: Hex,
  jobIndex: z.number().int().min(0),
  path: z.array(Hex.length(64)).max(64),
});
export type ModelCertificate = z.infer<typeof CertificateSchema>;

export type VerifyFacts = { code: "CERTIFICATE_FORMAT" | "NOT_PROVED"; claim: string };
export class VerifyError extends PomlError<VerifyFacts> {}

export interface ProvedClaim {
  readonly claim: string;
  readonly detail: string;
}

/** The certificate of a job as of the chain's head. */
export function makeCertificate(
  chain: Pick<Chain, "state" | "tip" | "genesisRoot">,
  jobIndex: number,
): ModelCertificate {
  const { state, tip, genesisRoot } = chain;
  if (tip.header === undefined || tip.certificate === undefined) {
    throw new RangeError("no block is final yet");
  }
  return {
    version: 1,
    anchor: { height: tip.header.height, hash: toHex(blockHash(tip.header)) },
    genesisRoot: toHex(genesisRoot),
    header: toHex(Header.serialize(tip.header)),
    certificate: toHex(Certificate.serialize(tip.certificate)),
    seats: toHex(Seats.serialize([...tip.seats])),
    job: toHex(Job.serialize(state.jobs.at(jobIndex))),
    jobIndex,
    path: proveRecord(state, "jobs", jobIndex).map(toHex),
  };
}

export interface ModelDirectory {
  readonly "certificate.json": Uint8Array;
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
}

/**
 * Checks a model directory offline.
 * @param trusted a block the reader trusts: the one the certificate is anchored in
 * @throws VerifyError naming the claim that does not hold
 */
export async function verifyModelDirectory(
  files: ModelDirectory,
  trusted: { readonly height: number; readonly hash: Uint8Array },
): Promise<{ proved: ProvedClaim[] }> {
  const decoded = decode(files["certificate.json"]);
  const { genesisRoot, header, certificate, seats, job, jobIndex, path } = decoded;
  const hash = blockHash(header);
  require(header.height === trusted.height &&
    equalBytes(
      hash,
      trusted.hash,
    ), "the certificate is anchored in the trusted block", `it is anchored in ${header.height}:${toHex(hash)}`);
  require(equalBytes(Seats.hashTreeRoot(seats), header.seatsRoot) &&
    equalBytes(certificate.blockHash, hash), "seats and precommits belong to that block");
  await verifyCertificate(certificate, seats, { genesisRoot, verify });
  const leaf = Job.hashTreeRoot(job);
  require(isIncluded(
    header.stateRoot,
    leaf,
    recordIndex("jobs", jobIndex),
    path,
  ), "the job is in the state of that block");
  require(["finished", "settled"].includes(phaseOf(job)), "the job has ended with a model");
  require(equalBytes(
    sha256(files["weights.bin"]),
    job.parameters,
  ), "the weights are those the job ended with");
  require(equalBytes(
    sha256(topologyOf(files["model.json"])),
    job.spec.model,
  ), "the architecture is the one the client ordered");
  return { proved: claims(decoded, hash) };
}

type Decoded = ReturnType<typeof decode>;

function claims({ header, certificate, seats, job }: Decoded, hash: Uint8Array): ProvedClaim[] {
  const percent = (micro: number): string => `${(micro / 10_000).toFixed(2)} %`;
  const { spec, metrics } = job;
  const signers = certificate.signatures.map(({ seat }) => seats[seat]?.weight ?? 0n);
  const signed = signers.reduce((sum, weight) => sum + weight, 0n);
  const participants = job.participants.filter(({ paidRounds }) => paidRounds > 0);
  return [
    {
      claim: "final",
      detail: `block ${header.height}:${toHex(hash)} signed by ${signers.length} of ${seats.length} seats, weight ${signed} of ${header.totalWeight}`,
    },
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
  ];
}

function decode(bytes: Uint8Array): {
  genesisRoot: Uint8Array;
  header: Header;
  certificate: Certificate;
  seats: ReturnType<typeof Seats.deserialize>;
  job: Job;
  jobIndex: number;
  path: Uint8Array[];
} {
  try {
    const json = CertificateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return {
      genesisRoot: fromHex(json.genesisRoot),
      header: Header.deserialize(fromHex(json.header)),
      certificate: Certificate.deserialize(fromHex(json.certificate)),
      seats: Seats.deserialize(fromHex(json.seats)),
      job: Job.deserialize(fromHex(json.job)),
      jobIndex: json.jobIndex,
      path: json.path.map(fromHex),
    };
  } catch (error) {
    throw new VerifyError(
      "certificate.json is not a model certificate of version 1",
      { code: "CERTIFICATE_FORMAT", claim: "certificate.json" },
      { cause: error, remedy: "download the model again with `poml job result`" },
    );
  }
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

function require(holds: boolean, claim: string, detail?: string): void {
  if (holds) return;
  const more = detail === undefined ? "" : ` (${detail})`;
  throw new VerifyError(
    `not proved: ${claim}${more}`,
    { code: "NOT_PROVED", claim },
    { remedy: "do not use these weights; download them again or check the trusted block" },
  );
}
