/** A thread that runs the bare kernel in a loop for so many milliseconds. */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { type AlgorithmExports, MAX_STRETCH } from "../../../ml/search/abi.ts";
import { Search } from "../../../ml/search/algorithm.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { pinThread } from "./pin.ts";

export interface BareThread {
  readonly task: SearchTask;
  readonly index: number;
}

export interface Work {
  readonly hashes: number;
  /** Processor time. */
  readonly cpuMs: number;
}

const { task, index } = workerData as BareThread;
const { PRIORITY_LOW } = constants.priority;

const module = await WebAssembly.compile(Uint8Array.from(await shippedModule("sha256d")));
const kernel = new WebAssembly.Instance(module, {}).exports as unknown as AlgorithmExports;
new Search(kernel, task).use(task);

// As little as the threads of workers, so that other processes disturb both alike.
setPriority(PRIORITY_LOW);
const isPinned = pinThread(index);
parentPort?.on("message", (turnMs: number) => parentPort?.postMessage(run(turnMs)));
parentPort?.postMessage(isPinned);

function run(turnMs: number): Work {
  const end = performance.now() + turnMs;
  const before = cpuMs();
  let hashes = 0;
  while (performance.now() < end) {
    kernel.search(BigInt(hashes), MAX_STRETCH);
    hashes += MAX_STRETCH;
  }
  return { hashes, cpuMs: cpuMs() - before };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
