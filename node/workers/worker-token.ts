/**
 * The token of remote workers. It allows nothing else: no route of the API accepts it. It is in a file of its own,
 * which is read again for every worker that connects and at every heartbeat, so a new token takes effect at once and
 * ends the links of the old one.
 */
import { randomBytes } from "node:crypto";
import { readToken } from "../config/data-dir.ts";
import { isCode, writeSecretFile } from "../wallet/secret-file.ts";
import { WalletError } from "../wallet/wallet-error.ts";

export interface WorkerToken {
  /** Undefined: no remote workers. */
  readonly current: string | undefined;
  /** Looks for a new token; while the file cannot be read there is none. */
  refresh(): Promise<void>;
}

/**
 * @param apiToken the worker token must differ from it
 * @throws WalletError as readToken; KEY_FILE_MALFORMED when it is the API token
 */
export async function openWorkerToken(path: string, apiToken: string): Promise<WorkerToken> {
  await makeWorkerToken(path, { replace: false });
  let current: string | undefined = await read(path, apiToken);
  return {
    get current() {
      return current;
    },
    refresh: async () => {
      current = await read(path, apiToken).catch(() => undefined);
    },
  };
}

/** Makes a new random token. Without `replace` an existing one stays. */
export async function makeWorkerToken(
  path: string,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  try {
    await writeSecretFile(path, `${randomBytes(32).toString("base64url")}\n`, { replace });
  } catch (error) {
    if (error instanceof WalletError && error.code === "KEY_FILE_EXISTS") return;
    throw isCode(error, "ENOENT") ? notThere(path, error) : error;
  }
}

async function read(path: string, apiToken: string): Promise<string> {
  const token = await readToken(path, "a worker token");
  if (token !== apiToken) return token;
  const reason = "it is the API token, which may do more than work";
  throw new WalletError(
    `${path} holds the node's API token: workers must have one of their own`,
    { code: "KEY_FILE_MALFORMED", path, reason },
    "make a new one with `npx poml rotate-worker-token`",
  );
}

function notThere(path: string, cause: unknown): WalletError {
  return new WalletError(
    `${path} cannot be made: its directory does not exist`,
    { code: "KEY_FILE_MISSING", path },
    "make a data directory with `npx poml init`",
    cause,
  );
}
