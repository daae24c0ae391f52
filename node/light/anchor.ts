/**
 * Leads from what a reader trusts to the block in which a certificate is anchored: by the certificate's own light
 * blocks if they suffice, otherwise by those of any node. Neither needs to be trusted.
 */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyInclusion } from "../../chain/light/inclusion.ts";
import { LightError } from "../../chain/light/light-error.ts";
import { trustBlock } from "../../chain/light/trust-block.ts";
import { trustGenesis } from "../../chain/light/trust-genesis.ts";
import type { Trusted } from "../../chain/light/trusted.ts";
import { verifyLightBlock, verifyLightBlocks } from "../../chain/light/verify.ts";
import { Header } from "../../chain/types/block.ts";
import type { Genesis } from "../../chain/types/genesis.ts";
import { Job, JobProgress, JobSpec } from "../../chain/types/job.ts";
import { type InclusionProof, type LightBlock, PROVABLE } from "../../chain/types/light.ts";
import { type DecodedCertificate, VerifyError } from "./certificate.ts";

/** What the reader trusts. */
export type Trust =
  | { readonly height: number; readonly hash: Uint8Array }
  | { readonly genesis: Genesis };

/** A node that can provide what the certificate lacks. */
export interface LightSource {
  lightBlock(height: number): Promise<LightBlock>;
  lightRoute(from: number, to: number): Promise<LightBlock[]>;
  proof(of: string): Promise<{ readonly proof: InclusionProof; readonly block: LightBlock }>;
}

/** A block that follows from the trust, and the job as the state of that block has it. */
export interface Anchored {
  readonly block: LightBlock;
  readonly job: Job;
  readonly trusted: Trusted;
}

/** @throws VerifyError, LightError, InvalidCertificate; any error of `source` */
export async function anchorCertificate(
  decoded: DecodedCertificate,
  trust: Trust,
  source: LightSource | undefined,
): Promise<Anchored> {
  await checkOwnClaims(decoded);
  const trusted = await begin(decoded, trust, source);
  const { anchor } = decoded;
  if (trusted.height > anchor.header.height) return renewed(decoded, trusted, source);
  const later = decoded.updates.filter(({ header }) => header.height > trusted.height);
  try {
    await verifyLightBlocks(trusted, [...later, anchor], { verify });
  } catch (error) {
    const isGap = error instanceof LightError && error.code === "LIGHT_STRANGERS";
    if (!isGap || source === undefined) throw error;
    const route = await source.lightRoute(trusted.height, anchor.header.height);
    await verifyLightBlocks(trusted, [...route, anchor], { verify });
  }
  return { block: anchor, job: decoded.job, trusted };
}

/**
 * Everything in a certificate must be valid, even parts that are not needed: its light blocks, and the proof of its job
 * in its anchor.
 */
async function checkOwnClaims(decoded: DecodedCertificate): Promise<void> {
  const { updates, anchor, genesisRoot, job, jobIndex: index, path } = decoded;
  const [first = anchor, ...rest] = [...updates, anchor];
  const self = { height: first.header.height, hash: Header.hashTreeRoot(first.header) };
  const start = await trustBlock(first, self, { genesisRoot, verify });
  await verifyLightBlocks(start, rest, { verify });
  const kind = PROVABLE.indexOf("job");
  verifyInclusion(anchor.header, { kind, index, value: Job.serialize(job), path: [...path] });
}

async function begin(
  { genesisRoot, anchor, updates }: DecodedCertificate,
  trust: Trust,
  source: LightSource | undefined,
): Promise<Trusted> {
  if ("genesis" in trust) {
    const trusted = trustGenesis(trust.genesis);
    if (equalBytes(trusted.genesisRoot, genesisRoot)) return trusted;
    throw new VerifyError(
      `not proved: the certificate is of the chain of this genesis (it is of ${toHex(genesisRoot)})`,
      { code: "NOT_PROVED", claim: "the certificate is of the chain of this genesis" },
      { remedy: "use the genesis file of that chain" },
    );
  }
  const own = [...updates, anchor].find(({ header }) => header.height === trust.height);
  const start = own ?? (await source?.lightBlock(trust.height));
  if (start !== undefined) return trustBlock(start, trust, { genesisRoot, verify });
  throw new VerifyError(
    `nothing here leads from block ${trust.height} to block ${anchor.header.height}, where the certificate is anchored`,
    { code: "NOT_LINKED", claim: "the certificate follows from the trusted block" },
    {
      remedy:
        "add --api with any node, which need not be trusted, or give --genesis with your own copy of that file; the certificate's own statements are no reason to trust a block: look up heights and hashes on a node of your own",
    },
  );
}

/** The reader trusts a later block than the certificate's anchor, so the job is proven again in that block. */
async function renewed(
  { job, anchor }: DecodedCertificate,
  trusted: Trusted,
  source: LightSource | undefined,
): Promise<Anchored> {
  if (source === undefined) {
    throw new VerifyError(
      `the trusted block ${trusted.height} is later than the certificate`,
      { code: "NOT_LINKED", claim: "the certificate follows from the trusted block" },
      { remedy: "add --api with any node, which need not be trusted" },
    );
  }
  const { proof, block } = await source.proof(`jobs/${toHex(job.id)}`);
  const route = await source.lightRoute(trusted.height, block.header.height);
  const believed = await verifyLightBlocks(trusted, route, { verify });
  await verifyLightBlock(believed, block, { verify });
  const proven = verifyInclusion(block.header, proof);
  if (proven.kind !== "job" || !equalBytes(proven.value.id, job.id)) {
    throw new VerifyError(
      "the node proved another job",
      { code: "NOT_PROVED", claim: "the job is in the state of that block" },
      { remedy: "ask another node" },
    );
  }
  if (!isSameResult(proven.value, job)) {
    throw new VerifyError(
      `not proved: the result of the job is still that of block ${anchor.header.height}`,
      { code: "NOT_PROVED", claim: "the job ended as the certificate says" },
      { remedy: "download the model again with `npx poml job result`" },
    );
  }
  return { block, job: proven.value, trusted };
}

/**
 * Whether two states of a job agree in everything that a certificate states. Audits and payments may continue after its
 * end.
 */
function isSameResult(one: Job, other: Job): boolean {
  return (
    one.round === other.round &&
    equalBytes(JobSpec.serialize(one.spec), JobSpec.serialize(other.spec)) &&
    equalBytes(JobProgress.serialize(one.progress), JobProgress.serialize(other.progress))
  );
}
