/**
 * The frame of a node that is not quite a `poml node`: built from the same parts and data directory, ended by
 * the same signals, with a part or two changed by the program that calls this. For tests only.
 */
import { parseArgs } from "node:util";
import { type Clock, systemClock } from "../../../../node/clock.ts";
import { createNode, type RunningNode } from "../../../../node/compose/node.ts";
import { openDataDir } from "../../../../node/config/data-dir.ts";
import { loadConfig } from "../../../../node/config/load.ts";
import type { Config } from "../../../../node/config/schema.ts";
import { armCrashPoint } from "../../../../node/crash-points.ts";
import { createLog } from "../../../../node/telemetry/log.ts";

export interface Changes {
  readonly clock?: Clock;
  /** Settings as they are used, whatever the limits of a config file. */
  settings?(config: Config): Config;
  /** Called once the node runs, with its secret seed. */
  onStarted?(node: RunningNode, seed: Uint8Array): void;
}

/** Runs `node --data-dir DIR` until SIGTERM, or until the test that started it is gone. */
export async function runAsNode({
  clock = systemClock,
  settings = (config) => config,
  onStarted,
}: Changes): Promise<void> {
  armCrashPoint(process.env.POML_FAIL_AT);
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { "data-dir": { type: "string" } },
  });
  const config = settings(await loadConfig({ flags: { "data-dir": values["data-dir"] }, env: {} }));
  const dataDir = await openDataDir(config.dataDir, {
    tokenFile: config.api.tokenFile,
    ask: async () => undefined,
  });
  const log = createLog(config.log.level);
  const node = await createNode({ config, dataDir, resync: false }, { clock, log });
  const end = (): void => {
    node
      .stop()
      .catch((error: unknown) => log.error("did not stop well", { reason: String(error) }))
      .finally(() => process.exit());
  };
  process.once("SIGTERM", end);
  process.once("disconnect", end);
  await node.start();
  onStarted?.(node, dataDir.identity.seed);
}
