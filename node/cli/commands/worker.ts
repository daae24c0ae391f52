/** `poml worker`: lends this machine to a node, over WebSocket. */
import { Command } from "commander";
import { dataDirPaths, readToken } from "../../config/data-dir.ts";
import { addDataDirOption, type DataDirOptions, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { pathOption } from "../path-option.ts";
import { checkServiceUrl } from "../service-url.ts";

interface WorkerOptions extends DataDirOptions {
  readonly connect: string;
  readonly tokenFile?: string;
}

export function workerCommand(context: CliContext): Command {
  return addDataDirOption(new Command("worker"))
    .description("train for a node, from this or another machine")
    .requiredOption("--connect <url>", "the node's API: ws://host:port or wss://host:port")
    .option(
      "--token-file <file>",
      "the node's worker token (POML_WORKER_TOKEN, the one in --data-dir)",
      pathOption("tokenFile"),
    )
    .action((options: WorkerOptions) => work(options, context));
}

async function work(options: WorkerOptions, context: CliContext): Promise<void> {
  const url = parseUrl(options.connect);
  const file = options.tokenFile ?? dataDirPaths(dataDirOf(options, context)).workerToken;
  const fromEnv = options.tokenFile === undefined ? context.env.POML_WORKER_TOKEN : undefined;
  const token = fromEnv ?? (await readToken(file, "a worker token"));
  const { runWorker } = await import("../../workers/worker-main.ts");
  const { createLog } = await import("../../telemetry/log.ts");
  const { systemClock } = await import("../../clock.ts");
  const { processMeter } = await import("../../core-meter.ts");
  const { output, signal } = context;
  output.line(`connecting to ${url}; Ctrl-C stops`);
  await runWorker(
    { url, token, threads: 1 },
    {
      log: createLog("info"),
      clock: systemClock,
      meter: processMeter,
      signal,
      onLinked: (name) => output.line(`linked as ${name}: this machine works for the node now`),
    },
  );
}

function parseUrl(text: string): string {
  const url = checkServiceUrl("connect", text, ["ws", "wss"], "ws://127.0.0.1:9471");
  if (url.pathname === "/") url.pathname = "/v1/workers";
  return url.href;
}
