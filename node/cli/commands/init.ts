/** `poml init`: makes a data directory with key, API token and genesis. */
import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import { ConfigSchema } from "../../config/schema.ts";
import { addDataDirOption, type DataDirOptions, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { pathOption } from "../path-option.ts";

interface InitOptions extends DataDirOptions {
  readonly genesis: string;
  readonly bootstrap?: string[];
  readonly name?: string;
  readonly seal?: boolean;
}

export function initCommand(context: CliContext): Command {
  return addDataDirOption(new Command("init"))
    .description("make a data directory: node key, API token, genesis")
    .requiredOption(
      "--genesis <file>",
      "genesis.json of the network to join",
      pathOption("genesis"),
    )
    .option("--bootstrap <multiaddr...>", "nodes to join the network through; kept in config.json")
    .option("--name <name>", "name shown to others; kept in config.json")
    .option("--seal", "seal the key with a passphrase (POML_PASSPHRASE or asked for)")
    .action((options: InitOptions) => init(options, context));
}

async function init(options: InitOptions, context: CliContext): Promise<void> {
  const { dataDirPaths, initDataDir } = await import("../../config/data-dir.ts");
  const { readGenesisFile } = await import("../../config/genesis-file.ts");
  const { formatAddress } = await import("../../../chain/crypto/address.ts");
  const { toHex } = await import("../../../chain/crypto/hash.ts");
  const { genesisRoot } = await import("../../../chain/genesis.ts");
  const dataDir = dataDirOf(options, context);
  const genesis = await readGenesisFile(
    options.genesis,
    "check the path; the file comes from any node of the network, or from its operator",
  );
  const settings = settingsOf(options);
  const passphrase = options.seal === true ? await askToSeal(dataDir, context) : undefined;
  const identity = await initDataDir(dataDir, { genesis, passphrase });
  const paths = dataDirPaths(dataDir);
  await writeFile(paths.config, `${JSON.stringify(settings, null, 2)}\n`, { flag: "wx" });
  const result = {
    dataDir,
    publicKey: toHex(identity.keyPair.publicKey),
    address: formatAddress(identity.address),
    genesisRoot: toHex(genesisRoot(genesis)),
    tokenFile: paths.apiToken,
  };
  context.output.result(result, () => {
    context.output.fields({
      "data directory": dataDir,
      address: result.address,
      "public key": result.publicKey,
      "genesis root": result.genesisRoot,
      "API token": paths.apiToken,
    });
    context.output.command("\nStart it with: ", "npx poml node");
  });
}

/** The settings for config.json. @throws CliError BAD_ARGUMENT for one with which a node could not start */
function settingsOf({ name, bootstrap }: InitOptions) {
  const settings = {
    ...(name === undefined ? {} : { name }),
    ...(bootstrap === undefined ? {} : { p2p: { bootstrap } }),
  };
  const [issue] = ConfigSchema.safeParse(settings).error?.issues ?? [];
  if (issue === undefined) return settings;
  const [top, , index] = issue.path;
  const given = top === "name" ? name : bootstrap?.[Number(index ?? 0)];
  throw usageError(
    top === "name" ? "name" : "bootstrap",
    `${JSON.stringify(given)} ${issue.message}`,
    top === "name"
      ? "choose another --name"
      : "e.g. --bootstrap /ip4/203.0.113.7/tcp/9470/ws/p2p/12D3KooW…; `npx poml node` prints the addresses of a node",
  );
}

async function askToSeal(path: string, { askPassphrase }: CliContext): Promise<string> {
  const passphrase = await askPassphrase(path);
  if (passphrase !== undefined) return passphrase;
  throw new CliError(
    "--seal needs a passphrase",
    { code: "PASSPHRASE_NEEDED", exit: EXIT.setup, field: "seal" },
    "set POML_PASSPHRASE or run the command in a terminal",
  );
}
