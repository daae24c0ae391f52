/** The layout of a data directory: the only place that knows its file names. */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Genesis } from "../../chain/types/genesis.ts";
import {
  type AskPassphrase,
  type Identity,
  newIdentity,
  readKeyFile,
  writeKeyFile,
} from "../wallet/key-file.ts";
import { readSecretFile, writeSecretFile } from "../wallet/secret-file.ts";
import { WalletError } from "../wallet/wallet-error.ts";
import { ConfigError } from "./config-error.ts";
import { readGenesisFile, writeGenesisFile } from "./genesis-file.ts";

export interface DataDirPaths {
  readonly root: string;
  readonly genesis: string;
  readonly config: string;
  readonly nodeKey: string;
  readonly apiToken: string;
  /** The token of remote workers; made when the node starts without one. */
  readonly workerToken: string;
  readonly db: string;
  readonly blobs: string;
  readonly datasets: string;
  readonly torrents: string;
  readonly journal: string;
  /** Written by a running node: where it listens (JSON). */
  readonly endpoints: string;
}

export function dataDirPaths(root: string): DataDirPaths {
  return {
    root,
    genesis: join(root, "genesis.json"),
    config: join(root, "config.json"),
    nodeKey: join(root, "keys", "node.key"),
    apiToken: join(root, "api-token"),
    workerToken: join(root, "worker-token"),
    db: join(root, "db"),
    blobs: join(root, "blobs"),
    datasets: join(root, "datasets"),
    torrents: join(root, "torrents"),
    journal: join(root, "journal"),
    endpoints: join(root, "endpoints.json"),
  };
}

export interface InitOptions {
  readonly genesis: Genesis;
  readonly passphrase?: string | undefined;
  /** Default: a new one. */
  readonly identity?: Identity | undefined;
}

/**
 * Makes a data directory: genesis, node key, API token, worker token.
 * @throws ConfigError ALREADY_INITIALISED
 */
export async function initDataDir(root: string, options: InitOptions): Promise<Identity> {
  const paths = dataDirPaths(root);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const identity = options.identity ?? newIdentity();
  try {
    await writeKeyFile(paths.nodeKey, identity, options.passphrase);
  } catch (error) {
    if (!(error instanceof WalletError) || error.code !== "KEY_FILE_EXISTS") throw error;
    throw new ConfigError(
      `${root} holds a node already`,
      { code: "ALREADY_INITIALISED", path: root },
      "start it with `npx poml node`, or choose another --data-dir",
      error,
    );
  }
  for (const path of [paths.apiToken, paths.workerToken]) {
    await writeSecretFile(path, `${randomBytes(32).toString("base64url")}\n`);
  }
  await writeGenesisFile(paths.genesis, options.genesis);
  return identity;
}

export interface OpenedDataDir {
  readonly paths: DataDirPaths;
  readonly genesis: Genesis;
  readonly identity: Identity;
  readonly apiToken: string;
}

/**
 * What a node needs from its data directory to start.
 * @param tokenFile "" = the one in the data directory
 * @throws ConfigError NOT_INITIALISED, GENESIS_MALFORMED; WalletError
 */
export async function openDataDir(
  root: string,
  { tokenFile, ask }: { tokenFile: string; ask?: AskPassphrase },
): Promise<OpenedDataDir> {
  const paths = dataDirPaths(root);
  const genesis = await readGenesisFile(paths.genesis);
  const identity = await readKeyFile(paths.nodeKey, ask);
  const apiToken = await readApiToken(tokenFile === "" ? paths.apiToken : tokenFile);
  return { paths, genesis, identity, apiToken };
}

/** @throws WalletError KEY_FILE_MALFORMED and as readSecretFile */
export function readApiToken(path: string): Promise<string> {
  return readToken(path, "an API token");
}

/**
 * @param what for people: "an API token"
 * @throws WalletError KEY_FILE_MALFORMED and as readSecretFile
 */
export async function readToken(path: string, what: string): Promise<string> {
  const token = (await readSecretFile(path)).trim();
  if (/^[\x21-\x7e]{8,256}$/.test(token)) return token;
  throw new WalletError(
    `${path} does not hold ${what}`,
    { code: "KEY_FILE_MALFORMED", path, reason: "not one line of 8 to 256 visible characters" },
    "name the api-token file of the node's data directory, or worker-token for a worker",
  );
}
