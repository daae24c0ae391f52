/**
 * A second node as a witness: a light client that asks only one node sees only what that node shows. If the two show
 * different final blocks of one height, each gets the other's block, so that nodes that signed both are punished on the
 * chain that is real.
 */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import { LightError } from "../../chain/light/light-error.ts";
import type { Trusted } from "../../chain/light/trusted.ts";
import { verifyLightBlocks } from "../../chain/light/verify.ts";
import { Header } from "../../chain/types/block.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { LightSource } from "./anchor.ts";

export interface Witness extends Pick<LightSource, "lightRoute"> {
  /**
   * Reports a block that is not on the node's chain.
   * @returns the number of accused nodes
   */
  reportConflict(block: LightBlock): Promise<number>;
}

/**
 * @param block that the first node or a file showed, and that follows from `trusted`
 * @throws LightError LIGHT_CONFLICT when the blocks of both nodes follow from what is trusted; any error of the witness
 */
export async function askWitness(
  trusted: Trusted,
  block: LightBlock,
  { source, witness }: { readonly source: Witness | undefined; readonly witness: Witness },
): Promise<void> {
  const { height } = block.header;
  // A trusted block needs no witness.
  if (height <= trusted.height) return;
  const route = await witness.lightRoute(trusted.height, height);
  const theirs = await verifyLightBlocks(trusted, route, { verify });
  const hash = Header.hashTreeRoot(block.header);
  if (theirs.height === height && equalBytes(theirs.hash, hash)) return;
  const other = route.at(-1);
  if (other === undefined || theirs.height !== height) {
    throw new LightError(`the witness shows no block ${height}`, {
      code: "LIGHT_NOT_COMPARABLE",
      height,
    });
  }
  const told = [`the witness ${await report(witness, block)}`];
  if (source !== undefined) told.push(`the node ${await report(source, other)}`);
  throw new LightError(
    `two final blocks ${height}: ${toHex(hash)} and, at the witness, ${toHex(theirs.hash)}; ${told.join("; ")}`,
    { code: "LIGHT_CONFLICT", height, one: toHex(hash), other: toHex(theirs.hash) },
    {
      remedy:
        "trust neither node; ask nodes of people you know which block is on the chain, and start from a block that they name",
    },
  );
}

async function report(node: Witness, block: LightBlock): Promise<string> {
  try {
    return `accuses ${await node.reportConflict(block)} signers of it`;
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    return `accuses nobody: ${error.message}`;
  }
}
