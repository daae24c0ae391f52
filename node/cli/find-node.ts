/**
 * Decides which node a command talks to. When the user named a node, by its address or by its data directory, no other
 * node may answer: its answer would be taken for that of the named node.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "../api/api-error.ts";
import { PomlClient } from "../api/client.ts";
import { dataDirPaths, readApiToken } from "../config/data-dir.ts";
import { type Endpoints, readRunFile } from "../config/endpoints.ts";
import { WalletError } from "../wallet/wallet-error.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT } from "./exit-codes.ts";
import { shortHash } from "./format.ts";
import { checkServiceUrl } from "./service-url.ts";

export const DEFAULT_API = "http://127.0.0.1:9471";

/** What the command line says about the node. */
export interface Wanted {
  readonly api?: string;
  readonly tokenFile?: string;
  /** The value of the option; undefined for that of the variable, or the default. */
  readonly dataDir?: string;
}

export interface FoundNode {
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * @param dataDir absolute path of the data directory in force
 * @throws CliError NOT_INITIALISED, NODE_NOT_RUNNING, NODE_STARTING, WRONG_NODE; ConfigError; WalletError
 */
export async function findNode(
  options: Wanted,
  dataDir: string,
  context: CliContext,
): Promise<FoundNode> {
  const { env } = context;
  const holdsNode = isNodeDirectory(dataDir);
  // A directory on the command line takes precedence over a variable, if it has a running node.
  const fromEnv = options.dataDir !== undefined && holdsNode ? undefined : env.POML_API;
  const named = options.api ?? fromEnv;
  if (named !== undefined) {
    checkApiUrl(options.api === undefined ? "POML_API" : "api", named);
    const isOwn = await isAddressOf(named, dataDir);
    return { url: named, token: await tokenFor(options, context, isOwn ? dataDir : undefined) };
  }
  if (holdsNode) {
    const { api } = await runningNode(dataDir);
    return { url: api, token: await tokenFor(options, context, dataDir) };
  }
  if (options.dataDir !== undefined || env.POML_DATA_DIR !== undefined) {
    throw await noNodeIn(dataDir);
  }
  return unnamedNode(dataDir, await tokenFor(options, context, undefined), context);
}

/** @throws CliError BAD_ARGUMENT */
export function checkApiUrl(field: string, text: string): void {
  checkServiceUrl(field, text, ["http", "https"], `${DEFAULT_API}, or http://[::1]:9471`);
}

/** The node of a data directory, after it has proved its identity. */
async function runningNode(dataDir: string): Promise<Endpoints> {
  const told = await readRunFile(dataDir);
  if (told === undefined) throw notRunning(dataDir, "");
  const { pid } = told;
  if (told.state === "starting") {
    if (!isAlive(pid)) throw notRunning(dataDir, ended(pid));
    throw new CliError(
      `the node in ${dataDir} is still starting (process ${pid})`,
      { code: "NODE_STARTING", exit: EXIT.network, dataDir, pid },
      "try again in a moment; its log says what it is doing",
    );
  }
  await checkIdentity(told, dataDir);
  return told;
}

async function checkIdentity(told: Endpoints, dataDir: string): Promise<void> {
  const { api, publicKey, genesisRoot, pid } = told;
  const status = await new PomlClient(api).status().catch((error: unknown) => {
    const refused = error instanceof ApiError && error.code === "UNREACHABLE";
    if (!refused) throw error;
    throw notRunning(
      dataDir,
      isAlive(pid) ? `: nothing answers at ${api} (process ${pid})` : ended(pid),
    );
  });
  const wrong =
    status.publicKey !== publicKey
      ? `another node, ${status.name} with key ${shortHash(status.publicKey)}; the one in ${dataDir} has ${shortHash(publicKey)}`
      : status.genesisRoot !== genesisRoot
        ? `a node of another chain, genesis ${shortHash(status.genesisRoot)}; the one in ${dataDir} is of ${shortHash(genesisRoot)}`
        : undefined;
  if (wrong === undefined) return;
  throw new CliError(
    `${api} is answered by ${wrong}`,
    { code: "WRONG_NODE", exit: EXIT.network, api, dataDir },
    "start the node of this directory with `npx poml node`, or name the other one with --api",
  );
}

/** The user named no node: takes the default address, and prints a note. */
async function unnamedNode(
  dataDir: string,
  token: string | undefined,
  { output }: CliContext,
): Promise<FoundNode> {
  await new PomlClient(DEFAULT_API).status().catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 0) throw error;
    throw new CliError(
      `no node was named, there is none in ${dataDir}, and none answers at ${DEFAULT_API}`,
      { code: "UNREACHABLE", exit: EXIT.network },
      "name one with --data-dir (a node on this machine) or --api (its address), or make one with `npx poml init`",
      error,
    );
  });
  output.note(
    `no node was named and there is none in ${dataDir}: asking the one at ${DEFAULT_API}`,
  );
  return { url: DEFAULT_API, token };
}

function isNodeDirectory(dataDir: string): boolean {
  const { nodeKey, endpoints } = dataDirPaths(dataDir);
  return existsSync(nodeKey) || existsSync(endpoints);
}

function ended(pid: number): string {
  return `: process ${pid} ended without cleaning up`;
}

function notRunning(dataDir: string, detail: string): CliError {
  return new CliError(
    `the node in ${dataDir} is not running${detail}`,
    { code: "NODE_NOT_RUNNING", exit: EXIT.network, dataDir },
    "start it with `npx poml node`, or name another node with --api",
  );
}

async function noNodeIn(dataDir: string): Promise<CliError> {
  const isThere = existsSync(dataDir);
  const nodes = isThere ? await nodesBelow(dataDir) : [];
  const remedy =
    nodes.length > 0
      ? `name one of the nodes below it: ${nodes.map((name) => join(dataDir, name)).join(", ")}`
      : "name the data directory of a node on this machine, or its API with --api; `npx poml init` makes one";
  return new CliError(
    `dataDir: ${dataDir} ${isThere ? "holds no node" : "does not exist"}`,
    { code: "NOT_INITIALISED", exit: EXIT.setup, field: "dataDir" },
    remedy,
  );
}

const MAX_LISTED = 4;

async function nodesBelow(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => isNodeDirectory(join(directory, name)))
    .sort()
    .slice(0, MAX_LISTED);
}

/** Whether the node of a data directory listens at this URL, by its own file. False if the file cannot be read. */
async function isAddressOf(url: string, dataDir: string): Promise<boolean> {
  const told = await readRunFile(dataDir).catch(() => undefined);
  return told?.state === "serving" && originOf(told.api) === originOf(url);
}

function originOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${hostname === "localhost" ? "127.0.0.1" : hostname}:${port}`;
}

/** @param dataDir of the requested node; its token is sent to that node only */
async function tokenFor(
  options: Wanted,
  { env }: CliContext,
  dataDir: string | undefined,
): Promise<string | undefined> {
  if (options.tokenFile !== undefined) return readApiToken(options.tokenFile);
  if (env.POML_TOKEN !== undefined) return env.POML_TOKEN;
  if (dataDir === undefined) return undefined;
  try {
    return await readApiToken(dataDirPaths(dataDir).apiToken);
  } catch (error) {
    if (error instanceof WalletError && error.code === "KEY_FILE_MISSING") return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
