/** Other nodes that a reader asks for comparison, so that no single node can show it a forged chain. */
import type { Command } from "commander";
import type { Trusted } from "../../chain/light/trusted.ts";
import type { LightBlock } from "../../chain/types/light.ts";
import type { Witness } from "../light/ask-witness.ts";
import { checkApiUrl } from "./find-node.ts";

export interface WitnessOptions {
  readonly witness?: readonly string[];
}

export function addWitnessOption(command: Command): Command {
  return command.option(
    "--witness <url...>",
    "other nodes, for comparison: where they show another block, both get the other's, and nodes that signed both are punished",
  );
}

/** @returns URLs @throws CliError BAD_ARGUMENT */
export function witnessesOf({ witness = [] }: WitnessOptions): readonly string[] {
  for (const url of witness) checkApiUrl("witness", url);
  return witness;
}

/**
 * @param source the node that showed the block; without a source only the witnesses get the conflicting blocks
 * @throws LightError LIGHT_CONFLICT; ApiError of a witness that does not answer
 */
export async function askWitnesses(
  urls: readonly string[],
  { trusted, block }: { readonly trusted: Trusted; readonly block: LightBlock },
  source?: Witness,
): Promise<void> {
  const { askWitness } = await import("../light/ask-witness.ts");
  const { PomlClient } = await import("../api/client.ts");
  for (const url of urls) {
    await askWitness(trusted, block, { source, witness: new PomlClient(url) });
  }
}
