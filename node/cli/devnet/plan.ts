/** The part of a test network that stays the same from one run to the next, and its file in the network's directory. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { equalBytes, toHex } from "../../../chain/crypto/hash.ts";
import { genesisRoot } from "../../../chain/genesis.ts";
import { dataDirPaths } from "../../config/data-dir.ts";
import { readGenesisFile } from "../../config/genesis-file.ts";
import { type Identity, readKeyFile } from "../../wallet/key-file.ts";
import { CliError, EXIT } from "../exit-codes.ts";

export interface DevnetNode {
  readonly name: string;
  readonly dataDir: string;
  readonly identity: Identity;
  readonly isFounder: boolean;
  readonly ports: NodePorts;
}

export interface NodePorts {
  readonly p2p: number;
  readonly api: number;
  readonly torrent: number;
}

/** What stays the same from one run of a network to the next. */
export interface DevnetPlan {
  readonly nodes: readonly DevnetNode[];
  readonly genesisRoot: string;
  /** The account that has most of the money, and pays for jobs. */
  readonly client: Identity;
  readonly clientWallet: string;
}

const Port = z.int().min(1).max(65_535);
const Settings = z.object({
  p2p: z.object({ listen: z.tuple([z.string().regex(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws$/)]) }),
  api: z.object({ port: Port }),
  torrent: z.object({ port: Port }),
});

export function clientWalletOf(directory: string): string {
  return join(directory, "client.key");
}

/** @throws CliError NOT_A_NETWORK; ConfigError, WalletError as the files are read */
export async function readPlan(directory: string): Promise<DevnetPlan> {
  const genesis = await readGenesisFile(join(directory, "genesis.json"));
  const names = (await readdir(directory)).filter((name) => /^node-[1-9]\d?$/.test(name));
  names.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  if (names.length === 0) throw notANetwork(directory, "no node-1 in it");
  const nodes: DevnetNode[] = [];
  for (const name of names) {
    const dataDir = join(directory, name);
    const paths = dataDirPaths(dataDir);
    const identity = await readKeyFile(paths.nodeKey);
    const { publicKey } = identity.keyPair;
    const isFounder = genesis.nodes.some((node) => equalBytes(node.publicKey, publicKey));
    nodes.push({ name, dataDir, identity, isFounder, ports: await portsOf(paths.config) });
  }
  const clientWallet = clientWalletOf(directory);
  const client = await readKeyFile(clientWallet);
  return { nodes, genesisRoot: toHex(genesisRoot(genesis)), client, clientWallet };
}

/** The ports that the first run chose, so that the other nodes find each node at its known address. */
async function portsOf(config: string): Promise<NodePorts> {
  try {
    const { p2p, api, torrent } = Settings.parse(JSON.parse(await readFile(config, "utf8")));
    const listen = p2p.listen[0].split("/")[4];
    return { p2p: Port.parse(Number(listen)), api: api.port, torrent: torrent.port };
  } catch (error) {
    throw notANetwork(config, "not the settings that `poml devnet` writes", error);
  }
}

function notANetwork(path: string, reason: string, cause?: unknown): CliError {
  return new CliError(
    `${path} is not a network of \`poml devnet\`: ${reason}`,
    { code: "NOT_A_NETWORK", exit: EXIT.setup, field: "data-dir" },
    "choose another directory for a new network",
    cause,
  );
}
