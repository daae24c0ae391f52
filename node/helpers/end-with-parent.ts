/**
 * Ends this process soon after its parent is gone, however that ended. A thread of its own looks, because one that
 * computes hears neither signals nor the closing of its channel.
 */
import { isMainThread, Worker, workerData } from "node:worker_threads";

const LOOK_MS = 1_000;

/** Call it while the parent is surely alive. */
export function endWithParent(): void {
  new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: QUIET }).unref();
}

const QUIET = ["--disable-warning=ExperimentalWarning"];

if (!isMainThread) {
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
  }, LOOK_MS);
}
