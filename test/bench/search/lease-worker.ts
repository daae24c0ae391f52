/**
 * A thread that takes turns: the bare kernel in a loop, or leases as a worker searches them, each step's news and each
 * lease's claim sent to the parent.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type AlgorithmExports, MAX_STRETCH } from "../../../ml/search/abi.ts";
import { Search } from "../../../ml/search/algorithm.ts";
import { runUnits } from "../../../ml/search/run-units.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import type { UnitResult } from "../../../ml/search/search-units.ts";
import { shippedModule } from "../../../ml/search/shipped.ts";

export interface Turn {
  readonly kind: "bare" | "leases";
  /** Of this thread's processor time. */
  readonly turnMs: number;
}

export interface TurnResult {
  readonly hashes: number;
  readonly wallMs: number;
  /** Of this thread. */
  readonly cpuMs: number;
}

const CUT = { from: 0n, to: 2n ** 32n, unitBits: 18 };
const UNITS = 2n ** 14n;
const BATCH_MS = 100;

const task = workerData as SearchTask;
const port = parentPort;
if (port === null) throw new Error("runs in a worker thread");
const kernel = await instantiate();
const search = new Search(kernel, task);
search.use(task);
/** The unit to go on with. */
let next = 0n;

port.on("message", (order: Turn) => {
  port.postMessage({ kind: "result", result: run(order) });
});
port.postMessage({ kind: "ready" });

function run({ kind, turnMs }: Turn): TurnResult {
  const start = performance.now();
  const startCpuMs = cpuMs();
  const untilMs = startCpuMs + turnMs;
  const hashes = kind === "bare" ? runBare(untilMs) : runLeases(untilMs);
  return { hashes, wallMs: performance.now() - start, cpuMs: cpuMs() - startCpuMs };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function runBare(untilMs: number): number {
  let hashes = 0;
  while (cpuMs() < untilMs) {
    kernel.search(BigInt(hashes), MAX_STRETCH);
    hashes += MAX_STRETCH;
  }
  return hashes;
}

function runLeases(untilMs: number): number {
  let hashes = 0;
  let batch: UnitResult[] = [];
  let toldAt = performance.now();
  runUnits(
    search,
    { cut: CUT, from: next, to: UNITS },
    {
      clock: performance,
      isOver: () => cpuMs() >= untilMs,
      onStep: (step, now) => {
        hashes += step.hashes;
        if (step.ended !== undefined) {
          batch.push(step.ended);
          next = (next + 1n) % UNITS;
        }
        if (now - toldAt < BATCH_MS) return;
        port?.postMessage({ kind: "units", units: batch });
        batch = [];
        toldAt = now;
      },
    },
  );
  return hashes;
}

/** One instance for both kinds of turns: two differ by some percent for where their memories happen to lie. */
async function instantiate(): Promise<AlgorithmExports> {
  const module = await WebAssembly.compile(Uint8Array.from(await shippedModule("sha256d")));
  return new WebAssembly.Instance(module, {}).exports as unknown as AlgorithmExports;
}
