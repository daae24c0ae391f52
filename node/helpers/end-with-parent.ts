/**
 * Ends this process soon after its parent has ended for any reason. A separate thread checks this, because a thread
 * that computes notices neither signals nor the closing of its channel.
 */
import { isMainThread, Worker, workerData } from "node:worker_threads";

const LOOK_MS = 1_000;

/** Call it while the parent is certainly alive. */
export function endWithParent(): void {
  new Worker(new URL(import.meta.url), { workerData: process.ppid, execArgv: QUIET }).unref();
}

const QUIET = ["--disable-warning=ExperimentalWarning"];

if (!isMainThread) {
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
  }, LOOK_MS);
}
