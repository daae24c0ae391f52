/**
 * A thread that takes turns: the bare kernel in a loop, or leases as a worker searches them, each step's news and each
 * lease's claim sent to the parent.
 */
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { evenLease } from "../../../chain/workload/search/range.ts";
import { claimRoot } from "../../../chain/workload/search/slice-leaf.ts";
import { type AlgorithmExports, MAX_STRETCH } from "../../../ml/search/abi.ts";
import { Search } from "../../../ml/search/algorithm.ts";
import { runLease } from "../../../ml/search/run-lease.ts";
import type { SearchStep } from "../../../ml/search/search-range.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
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

/** Some seconds on one core. */
const LEASE = evenLease(2n ** 23n);
const KEY = { lease: new Uint8Array(32), publicKey: new Uint8Array(32) };

const task = workerData as SearchTask;
const port = parentPort;
if (port === null) throw new Error("runs in a worker thread");
const kernel = await instantiate();
const search = new Search(kernel, task);
search.use(task);
let turn = { untilMs: 0, hashes: 0, end: (_: number): void => {} };
let resume = (): void => void searchLeases();

port.on("message", (order: Turn) => {
  void run(order).then((result) => port.postMessage({ kind: "result", result }));
});
port.postMessage({ kind: "ready" });

async function run({ kind, turnMs }: Turn): Promise<TurnResult> {
  const start = performance.now();
  const startCpuMs = cpuMs();
  const untilMs = startCpuMs + turnMs;
  const hashes = kind === "bare" ? runBare(untilMs) : await runLeases(untilMs);
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

/** Goes on with the lease at which the turn before ended. */
function runLeases(untilMs: number): Promise<number> {
  return new Promise((resolve) => {
    turn = { untilMs, hashes: 0, end: resolve };
    resume();
  });
}

async function searchLeases(): Promise<never> {
  const parts = {
    clock: performance,
    signal: new AbortController().signal,
    onStep: ({ hashes, ended }: SearchStep) => {
      turn.hashes += hashes;
      if (ended !== undefined) port?.postMessage({ kind: "slice", slice: ended });
    },
    breathe: async () => {
      await setImmediate();
      if (cpuMs() < turn.untilMs) return;
      const next = new Promise<void>((resolve) => {
        resume = resolve;
      });
      turn.end(turn.hashes);
      await next;
    },
  };
  for (let from = 0n; ; from = (from + LEASE) % 2n ** 32n) {
    search.use(task);
    const slices = await runLease(search, { range: { from, to: from + LEASE } }, parts);
    port?.postMessage({ kind: "claim", root: claimRoot(KEY, slices) });
  }
}

/** One instance for both kinds of turns: two differ by some percent for where their memories happen to lie. */
async function instantiate(): Promise<AlgorithmExports> {
  const module = await WebAssembly.compile(Uint8Array.from(await shippedModule("sha256d")));
  return new WebAssembly.Instance(module, {}).exports as unknown as AlgorithmExports;
}
