/**
 * What a running node writes into its data directory for commands on the same machine: its process, its identity, and
 * the addresses on which it listens.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { isCode } from "../wallet/secret-file.ts";
import { ConfigError } from "./config-error.ts";
import { dataDirPaths } from "./data-dir.ts";

const identity = {
  pid: z.int().min(1),
  /** Hex key of the node that must answer at these addresses. */
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  genesisRoot: z.string().regex(/^[0-9a-f]{64}$/),
};

const Starting = z.object({ state: z.literal("starting"), ...identity });
const Serving = z.object({
  state: z.literal("serving"),
  ...identity,
  api: z.url(),
  p2p: z.array(z.string()).readonly(),
});
const RunFile = z.discriminatedUnion("state", [Starting, Serving]);

export type Endpoints = z.infer<typeof Serving>;
export type RunFile = z.infer<typeof RunFile>;

export async function writeRunFile(dataDir: string, content: RunFile): Promise<void> {
  await writeDurably(dataDirPaths(dataDir).endpoints, `${JSON.stringify(content)}\n`);
}

/**
 * The running node of a data directory, by its own file; undefined when none is running.
 * @throws ConfigError ENDPOINTS_UNREADABLE, because guessing the node would be dangerous
 */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  const path = dataDirPaths(dataDir).endpoints;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return undefined;
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it is not JSON", error);
  }
  const parsed = RunFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(path, `${issue?.path.join(".") || "its content"}: ${issue?.message}`, undefined);
}

/** The addresses on which the node of a data directory listens; undefined until all of them are ready. */
export async function readEndpoints(dataDir: string): Promise<Endpoints | undefined> {
  const found = await readRunFile(dataDir);
  return found?.state === "serving" ? found : undefined;
}

function unreadable(path: string, reason: string, cause: unknown): ConfigError {
  return new ConfigError(
    `${path} cannot be read: ${reason}`,
    { code: "ENDPOINTS_UNREADABLE", path, reason },
    "stop the node of this directory and start it again, which writes the file anew; or name a node with --api",
    cause,
  );
}
