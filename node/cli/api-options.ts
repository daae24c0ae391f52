/** How commands find the node they talk to, and the wallet they sign with. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { PomlClient } from "../api/client.ts";
import { dataDirPaths, readApiToken } from "../config/data-dir.ts";
import { ConfigSchema } from "../config/schema.ts";
import { type Identity, readKeyFile } from "../wallet/key-file.ts";
import { isCode } from "../wallet/secret-file.ts";
import { WalletError } from "../wallet/wallet-error.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT } from "./exit-codes.ts";

export interface DataDirOptions {
  readonly dataDir?: string;
}

export interface ApiOptions extends DataDirOptions {
  readonly api?: string;
  readonly tokenFile?: string;
}

export interface WalletOptions extends DataDirOptions {
  readonly wallet?: string;
}

/** What a running node leaves in its data directory for commands on the same machine. */
export const Endpoints = z.object({
  pid: z.int(),
  api: z.url(),
  p2p: z.array(z.string()),
});
export type Endpoints = z.infer<typeof Endpoints>;

const DEFAULT_API = "http://127.0.0.1:9471";

export function addDataDirOption(command: Command): Command {
  return command.option(
    "--data-dir <dir>",
    "data directory of the node on this machine (POML_DATA_DIR, ~/.poml)",
  );
}

export function addApiOptions(command: Command): Command {
  return addDataDirOption(command)
    .option("--api <url>", `node to talk to (POML_API, the one in --data-dir, ${DEFAULT_API})`)
    .option("--token-file <file>", "API token of that node (POML_TOKEN, the one in --data-dir)");
}

export function addWalletOption(command: Command): Command {
  return command.option(
    "--wallet <file>",
    "key file of the wallet (POML_WALLET, keys/wallet.key in --data-dir)",
  );
}

export function dataDirOf({ dataDir }: DataDirOptions, { env }: CliContext): string {
  return resolve(dataDir ?? env.POML_DATA_DIR ?? ConfigSchema.parse({}).dataDir);
}

export async function connect(options: ApiOptions, context: CliContext): Promise<PomlClient> {
  const dataDir = dataDirOf(options, context);
  if (options.dataDir !== undefined && !existsSync(dataDir)) {
    throw new CliError(
      `dataDir: ${dataDir} does not exist`,
      { code: "NOT_INITIALISED", exit: EXIT.setup, field: "dataDir" },
      "name the data directory of a node on this machine, or its API with --api",
    );
  }
  const local = (await readEndpoints(dataDir))?.api;
  const wanted = options.api ?? context.env.POML_API;
  const token = await findToken(options, context, wanted === undefined || wanted === local);
  return new PomlClient(wanted ?? local ?? DEFAULT_API, { token });
}

/** Where the node of a data directory listens; undefined when none has written it. */
export async function readEndpoints(dataDir: string): Promise<Endpoints | undefined> {
  try {
    const text = await readFile(dataDirPaths(dataDir).endpoints, "utf8");
    return Endpoints.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (isCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The token of the node in the data directory is shown to that node only. */
async function findToken(
  options: ApiOptions,
  context: CliContext,
  isLocal: boolean,
): Promise<string | undefined> {
  if (options.tokenFile !== undefined) return readApiToken(options.tokenFile);
  if (context.env.POML_TOKEN) return context.env.POML_TOKEN;
  if (!isLocal) return undefined;
  try {
    return await readApiToken(dataDirPaths(dataDirOf(options, context)).apiToken);
  } catch (error) {
    if (error instanceof WalletError && error.code === "KEY_FILE_MISSING") return undefined;
    throw error;
  }
}

export function walletPath(options: WalletOptions, context: CliContext): string {
  const given = options.wallet ?? context.env.POML_WALLET;
  return given ?? join(dataDirOf(options, context), "keys", "wallet.key");
}

export function openWallet(options: WalletOptions, context: CliContext): Promise<Identity> {
  return readKeyFile(walletPath(options, context), context.askPassphrase);
}
