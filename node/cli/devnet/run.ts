/** Runs a test network from founding to the last stopped process. */
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { gflops } from "../format.ts";
import { createProgress } from "../progress.ts";
import { type DemoResult, runDemo } from "./demo.ts";
import { joinNewcomers } from "./join.ts";
import { LiveView } from "./live-view.ts";
import { MemoryMeter } from "./memory.ts";
import { Devnet } from "./network.ts";
import { demoSummary, showDemo, showNetwork } from "./report.ts";

const DEFAULT_NODES = 4;

export interface RunOptions {
  /** Default: 4, or the number of nodes that the directory already contains. */
  readonly nodes?: number;
  readonly demo?: boolean;
  readonly exit?: boolean;
  readonly dataDir?: string;
}

/** @throws CliError when a node keeps ending, or the demo fails */
export async function runDevnet(options: RunOptions, context: CliContext): Promise<void> {
  const { output } = context;
  const memory = new MemoryMeter();
  memory.start();
  const net = await foundOrOpen(options, context);
  output.line(`genesis ${net.genesisRoot}`);
  let result: object;
  try {
    result = await work(net, memory, options, context);
  } finally {
    output.line("stopping the network …");
    await net.stop();
    await memory.stop();
  }
  // Printed last, so that a reader of both outputs finds it at the end.
  if (options.exit !== true) return;
  if (options.dataDir === undefined) await net.discardNodes();
  output.result(result, () => {});
}

/** Makes a new network, or opens the one that the directory contains from an earlier run. */
async function foundOrOpen(
  { nodes, dataDir }: RunOptions,
  { output, env }: CliContext,
): Promise<Devnet> {
  const directory = dataDir === undefined ? await temporaryDirectory() : resolve(dataDir);
  if (existsSync(join(directory, "genesis.json"))) {
    const net = await Devnet.open({ directory, env });
    if (nodes !== undefined && nodes !== net.nodes.length) {
      const remedy = "leave --nodes out, or choose another --data-dir for a new network";
      throw usageError("nodes", `${directory} holds a network of ${net.nodes.length}`, remedy);
    }
    output.line(`PoML test network of ${net.nodes.length} nodes in ${directory}, started again`);
    return net;
  }
  const count = nodes ?? DEFAULT_NODES;
  output.line(`PoML test network of ${count} nodes in ${directory}`);
  output.line("benchmarking this machine, to rate the founders …");
  return Devnet.create({ directory, nodes: count, env }, ({ capacity, disturbed }, ofEach) => {
    output.line(`${gflops(capacity)} GFLOP/s a core: ${gflops(ofEach)} for each founder`);
    if (disturbed !== undefined) output.line(`less than this machine can do: ${disturbed}`);
  });
}

function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "poml-devnet-"));
}

/** Everything between the first and the last process. @returns what --json prints */
async function work(
  net: Devnet,
  memory: MemoryMeter,
  options: RunOptions,
  { output, signal }: CliContext,
): Promise<object> {
  await net.start(signal);
  output.line(`${net.running.length} nodes are up`);
  let view: LiveView | undefined;
  const say = (text: string): void => (view === undefined ? output.line(text) : view.line(text));
  const kept = net.supervise(say);
  const joined = joinNewcomers(net, (name, height) =>
    output.line(`${name} got its bond in block ${height} and registers as a node`),
  );
  await Promise.race([joined, kept]);
  let result = addressesOf(net);
  if (options.demo === true) {
    view = new LiveView(await createProgress(output), net.running.length);
    const done = await Promise.race([demo(net, view, signal), kept]).finally(() => view?.stop());
    view = undefined;
    const figures = { seconds: performance.now() / 1000, peakRssMib: memory.peakMib };
    showDemo(output, done, figures);
    result = demoSummary(done, figures);
  }
  if (options.exit === true) return result;
  showNetwork(output, net);
  output.result(result, () => {});
  await Promise.race([untilStopped(signal), kept]);
  return result;
}

async function demo(net: Devnet, view: LiveView, signal: AbortSignal): Promise<DemoResult> {
  const watching = new AbortController();
  view.watch(net.running, AbortSignal.any([signal, watching.signal]));
  try {
    return await runDemo(net, view, signal);
  } finally {
    watching.abort();
  }
}

function addressesOf(net: Devnet): object {
  return {
    directory: net.directory,
    genesisRoot: net.genesisRoot,
    wallet: net.clientWallet,
    nodes: net.running.map(({ name, dataDir, client }) => ({ name, dataDir, api: client.baseUrl })),
  };
}

function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
