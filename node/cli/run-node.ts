/** Runs one node from its data directory until a signal comes or its parent process is gone. */
import { rm } from "node:fs/promises";
import { toHex } from "../../chain/crypto/hash.ts";
import { genesisRoot } from "../../chain/genesis.ts";
import { systemClock } from "../clock.ts";
import { createNode } from "../compose/node.ts";
import { openDataDir } from "../config/data-dir.ts";
import { writeRunFile } from "../config/endpoints.ts";
import { loadConfig } from "../config/load.ts";
import { createLog } from "../telemetry/log.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT } from "./exit-codes.ts";

const STOP_DEADLINE_MS = 10_000;

export interface RunNodeOptions {
  /** Settings given as flags, by flag name. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly resync: boolean;
  readonly abandonVotes?: number | undefined;
  readonly resumeSigning?: boolean;
}

/** @throws ConfigError, WalletError, StoreError; CliError STOP_TIMEOUT */
export async function runNode(
  { flags, resync, abandonVotes, resumeSigning }: RunNodeOptions,
  context: CliContext,
): Promise<void> {
  const config = await loadConfig({ flags, env: context.env });
  const log = createLog(config.log.level, config.log.format);
  const dataDir = await openDataDir(config.dataDir, {
    tokenFile: config.api.tokenFile,
    ask: context.askPassphrase,
  });
  const node = await createNode(
    { config, dataDir, resync, abandonVotes, resumeSigning },
    { clock: systemClock, log },
  );
  const ended = untilEnd(context.signal);
  const self = {
    pid: process.pid,
    publicKey: toHex(dataDir.identity.keyPair.publicKey),
    genesisRoot: toHex(genesisRoot(dataDir.genesis)),
  };
  try {
    // It replaces the file of a node that was killed, which would name a process that does not exist.
    await writeRunFile(config.dataDir, { state: "starting", ...self });
    await node.start();
    const { api, p2p } = node.endpoints();
    const endpoints = { state: "serving", ...self, api, p2p: [...p2p] } as const;
    await writeRunFile(config.dataDir, endpoints);
    context.output.result(endpoints, () => context.output.line(`API and page: ${api}`));
    const failure = await Promise.race([ended, node.failure]);
    if (failure !== undefined) throw failure;
  } finally {
    await rm(dataDir.paths.endpoints, { force: true });
    await withDeadline(node.stop());
  }
}

/** A node started by another program (its IPC channel is open) ends with that program. */
function untilEnd(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (process.connected) process.once("disconnect", () => resolve());
  });
}

async function withDeadline(stopping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new CliError(
          `the node did not stop within ${STOP_DEADLINE_MS / 1000} s`,
          { code: "STOP_TIMEOUT", exit: EXIT.failure },
          "the chain on disk is safe, because each block was written in one piece; end the process",
        ),
      );
    }, STOP_DEADLINE_MS);
  });
  try {
    await Promise.race([stopping, late]);
  } finally {
    clearTimeout(timer);
  }
}
