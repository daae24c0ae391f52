/** What the user trusts, as given on the command line: a block by height and hash, or a whole chain by its genesis. */
import type { Command } from "commander";
import { parseTrust, type TrustedPoint } from "../config/trust.ts";
import type { Trust } from "../light/anchor.ts";
import { usageError } from "./exit-codes.ts";
import { pathOption } from "./path-option.ts";

export interface TrustOptions {
  readonly trust?: string;
  readonly genesis?: string;
}

export function addTrustOptions(command: Command): Command {
  return command
    .option("--trust <height:hash>", "a final block you trust, e.g. from a node of your own")
    .option(
      "--genesis <file>",
      "or the genesis file of the chain, if you trust all its history",
      pathOption("genesis"),
    );
}

/** @throws CliError BAD_ARGUMENT; ConfigError */
export async function trustOf({ trust, genesis }: TrustOptions): Promise<Trust> {
  if ((trust === undefined) === (genesis === undefined)) {
    throw usageError(
      "trust",
      "give either --trust <height:hash> or --genesis <file>",
      "GET /v1/blocks/<height> of a node you trust shows the hash of that block",
    );
  }
  if (trust !== undefined) return parseTrusted(trust);
  const { readGenesisFile } = await import("../config/genesis-file.ts");
  return { genesis: await readGenesisFile(genesis ?? "", "check the path given with --genesis") };
}

/** @param text `height:hash`. @throws CliError BAD_ARGUMENT */
export function parseTrusted(text: string): TrustedPoint {
  const trusted = parseTrust(text);
  if (trusted !== undefined) return trusted;
  throw usageError(
    "trust",
    `${JSON.stringify(text)} is not height:hash`,
    "GET /v1/blocks/<height> of a node you trust shows the hash of that block; `npx poml job result` names the height",
  );
}
