/**
 * Writes and reads the portable certificate of the result of a job: the block in which it is anchored, the job with its
 * Merkle path to that block's state, and light blocks that lead there from the genesis. verify-result.ts checks what it
 * proves.
 */

import { z } from "zod";
import { equalBytes, fromHex, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError, PomlError } from "../../chain/errors.ts";
import { proveRecord } from "../../chain/proof/inclusion.ts";
import { Certificate, Header } from "../../chain/types/block.ts";
import { Job } from "../../chain/types/job.ts";
import { LightBlock } from "../../chain/types/light.ts";
import { Seats } from "../../chain/types/state.ts";
import { MAX_UINT32 } from "../../chain/uint-range.ts";
import { canonicalJson, parseCanonicalJson } from "../../ml/dataset/canonical-json.ts";
import type { Chain } from "../chain/chain.ts";
import type { JobArchive } from "../chain/job-archive.ts";
import type { LightService } from "./light-service.ts";

export const CERTIFICATE_FILE = "certificate.json";

const Hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .max(4_000_000);
const MAX_BYTES = 16 * 1024 * 1024;
/** The largest number of light blocks: more than any route has, so that a certificate of any chain fits. */
const MAX_UPDATES = 256;
const CertificateSchema = z.strictObject({
  version: z.literal(2),
  /** The block in which it is anchored, for readers; it equals that of the header. */
  anchor: z.strictObject({ height: z.number().int().min(1), hash: Hex.length(64) }),
  genesisRoot: Hex.length(64),
  header: Hex,
  certificate: Hex,
  seats: Hex,
  job: Hex,
  jobIndex: z.number().int().min(0).max(MAX_UINT32),
  path: z.array(Hex.length(64)).max(64),
  /** SSZ LightBlocks between the genesis and the anchor, in ascending order of height. */
  updates: z.array(Hex).max(MAX_UPDATES),
});
export type JobCertificate = z.infer<typeof CertificateSchema>;

export type VerifyFacts = {
  code: "CERTIFICATE_FORMAT" | "NOT_PROVED" | "NOT_LINKED";
  claim: string;
};
export class VerifyError extends PomlError<VerifyFacts> {}

export interface DecodedCertificate {
  readonly genesisRoot: Uint8Array;
  readonly anchor: LightBlock;
  readonly updates: readonly LightBlock[];
  readonly job: Job;
  readonly jobIndex: number;
  readonly path: readonly Uint8Array[];
}

/**
 * The certificate of a job at the chain's head.
 * @throws RangeError when the chain, or this node, does not have the job
 */
export async function makeCertificate(
  chain: Pick<Chain, "state" | "tip" | "head" | "genesisRoot">,
  jobIndex: number,
  { jobs, light }: { jobs: Pick<JobArchive, "at">; light: Pick<LightService, "route"> },
): Promise<JobCertificate> {
  const isUnderWay = chain.state.jobs.get(jobIndex) !== undefined;
  const settled = isUnderWay ? undefined : await jobs.at(jobIndex);
  const { state, tip, head, genesisRoot } = chain;
  if (tip.header === undefined || tip.certificate === undefined) {
    throw new RangeError("no block is final yet");
  }
  const { height } = tip.header;
  // All of it is read at one moment, because the chain moves on while the route is looked up.
  const written = {
    version: 2 as const,
    anchor: { height, hash: toHex(head.hash) },
    genesisRoot: toHex(genesisRoot),
    header: toHex(Header.serialize(tip.header)),
    certificate: toHex(Certificate.serialize(tip.certificate)),
    seats: toHex(Seats.serialize([...tip.seats])),
    job: toHex(Job.serialize(settled ?? state.jobs.at(jobIndex))),
    jobIndex,
    path: proveRecord(state, "jobs", jobIndex).map(toHex),
  };
  const route = await light.route(0, height);
  const between = route?.isComplete ? route.blocks.slice(0, -1) : [];
  return { ...written, updates: between.map((block) => toHex(LightBlock.serialize(block))) };
}

/** The only valid bytes of a certificate: canonical JSON. */
export function encodeCertificate(certificate: JobCertificate): Uint8Array {
  return canonicalJson(certificate);
}

/**
 * @param bytes as `encodeCertificate` writes them; other bytes with the same meaning are refused
 * @throws VerifyError CERTIFICATE_FORMAT
 */
export function decodeCertificate(bytes: Uint8Array): DecodedCertificate {
  try {
    if (bytes.length > MAX_BYTES) throw new DecodeError("bytes", `over ${MAX_BYTES}`);
    const json = CertificateSchema.parse(parseCanonicalJson(bytes));
    const decoded = {
      genesisRoot: fromHex(json.genesisRoot),
      anchor: {
        header: decodeExact("header", Header, json.header),
        certificate: decodeExact("certificate", Certificate, json.certificate),
        seats: decodeExact("seats", Seats, json.seats),
        appointed: [],
      },
      updates: json.updates.map((hex) => decodeExact("updates", LightBlock, hex)),
      job: decodeExact("job", Job, json.job),
      jobIndex: json.jobIndex,
      path: json.path.map(fromHex),
    };
    checkAnchor(json, decoded);
    return decoded;
  } catch (error) {
    const known = error instanceof PomlError ? error.message : issueOf(error);
    throw new VerifyError(
      `certificate.json is not a certificate of version 2: ${known}`,
      { code: "CERTIFICATE_FORMAT", claim: "certificate.json" },
      { cause: error, remedy: "download it again with `npx poml job result`" },
    );
  }
}

/** @throws DecodeError for bytes that the type would not write */
function decodeExact<V>(
  field: string,
  type: {
    readonly typeName: string;
    readonly maxSize: number;
    deserialize(bytes: Uint8Array): V;
    serialize(value: V): Uint8Array;
  },
  hex: string,
): V {
  const bytes = fromHex(hex);
  if (bytes.length > type.maxSize) throw new DecodeError(field, `over ${type.maxSize} bytes`);
  const value = decodeSsz(field, type, bytes);
  if (equalBytes(type.serialize(value), bytes)) return value;
  throw new DecodeError(field, `not the SSZ that a ${type.typeName} has`);
}

/** What readers see must equal the header, and the light blocks must lead there. */
function checkAnchor(
  { anchor: shown }: JobCertificate,
  { anchor, updates }: DecodedCertificate,
): void {
  const { header } = anchor;
  if (shown.height !== header.height || shown.hash !== toHex(Header.hashTreeRoot(header))) {
    throw new DecodeError("anchor", "not the height and the hash of the header");
  }
  const heights = [...updates.map((update) => update.header.height), header.height];
  if (heights.some((height, index) => index > 0 && height <= (heights[index - 1] ?? 0))) {
    throw new DecodeError("updates", "their heights do not rise up to the anchor");
  }
}

function issueOf(error: unknown): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  if (issue === undefined) return error instanceof Error ? error.message : String(error);
  return `${issue.path.join(".") || "its fields"}: ${issue.message}`;
}
