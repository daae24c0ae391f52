/** A thread that runs the bare kernel in a loop, for so much of its own processor time. */
import { parentPort, workerData } from "node:worker_threads";
import { type AlgorithmExports, MAX_STRETCH } from "../../../ml/search/abi.ts";
import { Search } from "../../../ml/search/algorithm.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { shippedModule } from "../../../ml/search/shipped.ts";

export interface BareResult {
  readonly hashes: number;
  /** Of this thread. */
  readonly cpuMs: number;
}

const module = await WebAssembly.compile(Uint8Array.from(await shippedModule("sha256d")));
const kernel = new WebAssembly.Instance(module, {}).exports as unknown as AlgorithmExports;
new Search(kernel, workerData as SearchTask).use(workerData as SearchTask);

parentPort?.on("message", (turnMs: number) => parentPort?.postMessage(run(turnMs)));
parentPort?.postMessage("ready");

function run(turnMs: number): BareResult {
  const start = cpuMs();
  let hashes = 0;
  let used = 0;
  while (used < turnMs) {
    kernel.search(BigInt(hashes), MAX_STRETCH);
    hashes += MAX_STRETCH;
    used = cpuMs() - start;
  }
  return { hashes, cpuMs: used };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
