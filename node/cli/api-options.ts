/** How commands find the node they talk to, and the wallet they sign with. */
import { join } from "node:path";
import type { Command } from "commander";
import { PomlClient } from "../api/client.ts";
import { absolutePath, expandPath } from "../config/path.ts";
import { ConfigSchema } from "../config/schema.ts";
import { type Identity, readKeyFile } from "../wallet/key-file.ts";
import { WalletError } from "../wallet/wallet-error.ts";
import type { CliContext } from "./context.ts";
import { DEFAULT_API, findNode } from "./find-node.ts";
import { pathOption } from "./path-option.ts";

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

export function addDataDirOption(command: Command): Command {
  return command.option(
    "--data-dir <dir>",
    "data directory of the node on this machine (POML_DATA_DIR, ~/.poml)",
    pathOption("dataDir"),
  );
}

export function addApiOptions(command: Command): Command {
  return addDataDirOption(command)
    .option("--api <url>", `node to talk to (POML_API, the one in --data-dir, ${DEFAULT_API})`)
    .option(
      "--token-file <file>",
      "API token of that node (POML_TOKEN, the one in --data-dir)",
      pathOption("tokenFile"),
    );
}

export function addWalletOption(command: Command): Command {
  return command.option(
    "--wallet <file>",
    "key file of the wallet (POML_WALLET, keys/wallet.key in --data-dir)",
    pathOption("wallet"),
  );
}

export function dataDirOf({ dataDir }: DataDirOptions, { env }: CliContext): string {
  return absolutePath("dataDir", dataDir ?? env.POML_DATA_DIR ?? ConfigSchema.parse({}).dataDir);
}

export async function connect(options: ApiOptions, context: CliContext): Promise<PomlClient> {
  const { url, token } = await findNode(options, dataDirOf(options, context), context);
  return new PomlClient(url, { token });
}

export function walletPath(options: WalletOptions, context: CliContext): string {
  const given = options.wallet ?? context.env.POML_WALLET;
  if (given !== undefined) return expandPath("wallet", given);
  return join(dataDirOf(options, context), "keys", "wallet.key");
}

export function openWallet(options: WalletOptions, context: CliContext): Promise<Identity> {
  return readKeyFile(walletPath(options, context), context.askPassphrase).catch(
    (error: unknown) => {
      if (!(error instanceof WalletError) || error.code !== "KEY_FILE_MISSING") throw error;
      const { path } = error.facts as { path: string };
      throw new WalletError(
        `no wallet: ${path} does not exist`,
        { code: "KEY_FILE_MISSING", path },
        "make one with `npx poml wallet new`, or name another file with --wallet",
        error,
      );
    },
  );
}
