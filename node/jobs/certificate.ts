/**
 * The portable certificate of a trained model, as it is written and read: the block it is anchored
 * in, the job with its Merkle path to that block's state, and light blocks that lead there from the
 * genesis. What it proves: verify-model.ts.
 */
import { z } from "zod";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { decodeLightBlock } from "../../chain/light/codec.ts";
import { proveRecord } from "../../chain/proof/inclusion.ts";
import { Certificate, Header } from "../../chain/types/block.ts";
import { Job } from "../../chain/types/job.ts";
import { LightBlock } from "../../chain/types/light.ts";
import { Seats } from "../../chain/types/state.ts";
import type { Chain } from "../chain/chain.ts";
import type { LightService } from "../light/light-service.ts";

const Hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .max(4_000_000);
/** Above what a route has, so that a certificate of any chain fits. */
const MAX_UPDATES = 256;
const CertificateSchema = z.strictObject({
  version: z.literal(1),
  /** The block it is anchored in, for readers; the header decides. */
  anchor: z.strictObject({ height: z.number().int().min(1), hash: Hex.length(64) }),
  genesisRoot: Hex.length(64),
  header: Hex,
  certificate: Hex,
  seats: Hex,
  job: Hex,
  jobIndex: z.number().int().min(0).max(0xffff_ffff),
  path: z.array(Hex.length(64)).max(64),
  /** SSZ LightBlocks between the genesis and the anchor, in order. */
  updates: z.array(Hex).max(MAX_UPDATES).default([]),
});
export type ModelCertificate = z.infer<typeof CertificateSchema>;

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

/** The certificate of a job as of the chain's head. */
export async function makeCertificate(
  chain: Pick<Chain, "state" | "tip" | "head" | "genesisRoot">,
  jobIndex: number,
  light: Pick<LightService, "route">,
): Promise<ModelCertificate> {
  const { state, tip, head, genesisRoot } = chain;
  if (tip.header === undefined || tip.certificate === undefined) {
    throw new RangeError("no block is final yet");
  }
  const { height } = tip.header;
  // All of it of one moment: while the route is looked up the chain moves on.
  const written = {
    version: 1 as const,
    anchor: { height, hash: toHex(head.hash) },
    genesisRoot: toHex(genesisRoot),
    header: toHex(Header.serialize(tip.header)),
    certificate: toHex(Certificate.serialize(tip.certificate)),
    seats: toHex(Seats.serialize([...tip.seats])),
    job: toHex(Job.serialize(state.jobs.at(jobIndex))),
    jobIndex,
    path: proveRecord(state, "jobs", jobIndex).map(toHex),
  };
  const route = await light.route(0, height);
  const between = route?.isComplete ? route.blocks.slice(0, -1) : [];
  return { ...written, updates: between.map((block) => toHex(LightBlock.serialize(block))) };
}

/** @throws VerifyError CERTIFICATE_FORMAT */
export function decodeCertificate(bytes: Uint8Array): DecodedCertificate {
  try {
    const json = CertificateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return {
      genesisRoot: fromHex(json.genesisRoot),
      anchor: {
        header: decodeSsz("header", Header, fromHex(json.header)),
        certificate: decodeSsz("certificate", Certificate, fromHex(json.certificate)),
        seats: decodeSsz("seats", Seats, fromHex(json.seats)),
        appointed: [],
      },
      updates: json.updates.map((hex) => decodeLightBlock(fromHex(hex))),
      job: decodeSsz("job", Job, fromHex(json.job)),
      jobIndex: json.jobIndex,
      path: json.path.map(fromHex),
    };
  } catch (error) {
    throw new VerifyError(
      "certificate.json is not a model certificate of version 1",
      { code: "CERTIFICATE_FORMAT", claim: "certificate.json" },
      { cause: error, remedy: "download the model again with `npx poml job result`" },
    );
  }
}
