/** Runs a test network from founding to the last stopped process. */
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { gflops } from "../format.ts";
import { createProgress } from "../progress.ts";
import { type DemoResult, runDemo } from "./demo.ts";
import { joinNewcomers } from "./join.ts";
import { LiveView } from "./live-view.ts";
import { MemoryMeter } from "./memory.ts";
import { Devnet } from "./network.ts";
import { demoSummary, showDemo, showNetwork } from "./report.ts";

export interface RunOptions {
  readonly nodes: number;
  readonly demo?: boolean;
  readonly exit?: boolean;
  readonly dataDir?: string;
}

/** @throws CliError when a node ends by itself, or the demo fails */
export async function runDevnet(options: RunOptions, context: CliContext): Promise<void> {
  const { output, signal } = context;
  const directory = await chooseDirectory(options.dataDir);
  const memory = new MemoryMeter();
  memory.start();
  let net: Devnet | undefined;
  let result: object;
  try {
    output.line(`PoML test network of ${options.nodes} nodes in ${directory}`);
    output.line("benchmarking the founders …");
    net = await Devnet.create(
      { directory, nodes: options.nodes, env: context.env },
      (name, capacity) => output.line(`${name} measured ${gflops(capacity)} GFLOP/s`),
    );
    output.line(`genesis ${net.genesisRoot}`);
    await net.start(signal);
    output.line(`${net.running.length} nodes are up`);
    const joined = joinNewcomers(net, (name, height) =>
      output.line(`${name} got its bond in block ${height} and registers as a node`),
    );
    await Promise.race([joined, net.watch()]);
    const work =
      options.demo === true ? demo(net, context, memory) : Promise.resolve(addressesOf(net));
    result = await Promise.race([work, net.watch()]);
    if (options.exit !== true) {
      showNetwork(output, net);
      output.result(result, () => {});
      await Promise.race([untilStopped(signal), net.watch()]);
    }
  } finally {
    if (net !== undefined) {
      output.line("stopping the network …");
      await net.stop();
    }
    await memory.stop();
  }
  // Last, so that whoever reads both outputs finds it at the end.
  if (options.exit !== true) return;
  if (options.dataDir === undefined) await net.discardNodes();
  output.result(result, () => {});
}

/** @returns what --json prints */
async function demo(
  net: Devnet,
  { output, signal }: CliContext,
  memory: MemoryMeter,
): Promise<object> {
  const view = new LiveView(await createProgress(output), net.running.length);
  const watching = new AbortController();
  view.watch(net.running, AbortSignal.any([signal, watching.signal]));
  let result: DemoResult;
  try {
    result = await runDemo(net, view, signal);
  } finally {
    watching.abort();
    view.stop();
  }
  const figures = { seconds: performance.now() / 1000, peakRssMib: memory.peakMib };
  showDemo(output, result, figures);
  return demoSummary(result, figures);
}

function addressesOf(net: Devnet): object {
  return {
    directory: net.directory,
    genesisRoot: net.genesisRoot,
    wallet: net.clientWallet,
    nodes: net.running.map(({ name, dataDir, client }) => ({ name, dataDir, api: client.baseUrl })),
  };
}

async function chooseDirectory(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), "poml-devnet-"));
  const directory = resolve(wanted);
  if (existsSync(join(directory, "genesis.json"))) {
    throw new CliError(
      `${directory} holds a network already`,
      { code: "ALREADY_INITIALISED", exit: EXIT.setup, field: "data-dir" },
      "choose another directory, or start its nodes with `poml node --data-dir <dir>/node-1` and so on",
    );
  }
  return directory;
}

function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
