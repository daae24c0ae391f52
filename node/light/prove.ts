/**
 * Proves a fact of the chain from a node that is not trusted: the proof, and the blocks that lead to it from what is
 * trusted.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { type Proven, verifyInclusion } from "../../chain/light/inclusion.ts";
import { LightError } from "../../chain/light/light-error.ts";
import { trustBlock } from "../../chain/light/trust-block.ts";
import { trustGenesis } from "../../chain/light/trust-genesis.ts";
import type { Trusted } from "../../chain/light/trusted.ts";
import { verifyLightBlock, verifyLightBlocks } from "../../chain/light/verify.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { LightSource, Trust } from "./anchor.ts";

export interface ProvenFact {
  readonly proven: Proven;
  /** The trusted start, and the block that contains the fact. */
  readonly trusted: Trusted;
  readonly block: Trusted;
  /** As the node sent it. */
  readonly lightBlock: LightBlock;
}

export interface ProveOptions {
  readonly source: LightSource;
  /** According to the node; the trusted block shows whether it is right. */
  readonly genesisRoot: Uint8Array;
}

/**
 * @param of path after /v1/proof/
 * @throws LightError, InvalidCertificate, DecodeError; any error of `source`
 */
export async function proveFact(
  of: string,
  trust: Trust,
  { source, genesisRoot }: ProveOptions,
): Promise<ProvenFact> {
  const trusted = await start(trust, { source, genesisRoot });
  const { proof, block } = await source.proof(of);
  const { height } = block.header;
  if (height < trusted.height) {
    throw new LightError(
      `it is in block ${height}, below the trusted block ${trusted.height}`,
      { code: "LIGHT_NOT_LATER", trusted: trusted.height, height },
      { remedy: `trust block ${height} or an older one, or use --genesis` },
    );
  }
  const believed = await verifyLightBlocks(
    trusted,
    await source.lightRoute(trusted.height, height),
    {
      verify,
    },
  );
  const holder = await verifyLightBlock(believed, block, { verify });
  return {
    proven: verifyInclusion(block.header, proof),
    trusted,
    block: holder,
    lightBlock: block,
  };
}

async function start(trust: Trust, { source, genesisRoot }: ProveOptions): Promise<Trusted> {
  if (!("genesis" in trust)) {
    return trustBlock(await source.lightBlock(trust.height), trust, { genesisRoot, verify });
  }
  const trusted = trustGenesis(trust.genesis);
  if (equalBytes(trusted.genesisRoot, genesisRoot)) return trusted;
  throw new LightError(
    "the node is of another chain than the genesis file",
    { code: "LIGHT_OTHER_CHAIN" },
    { remedy: "ask a node of that chain" },
  );
}
