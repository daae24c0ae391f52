/** Threads bound to one core, where Linux has `taskset`: what competes on one core sees the same speed of it. */
import { execFileSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { cpus } from "node:os";

/** Binds all threads that a process has. @returns false where that is not possible */
export function pinProcess(pid: number, index: number): boolean {
  return pin(["-a", "-c", "-p"], pid, index);
}

/** Binds the calling thread. @returns false where that is not possible */
export function pinThread(index: number): boolean {
  try {
    const tid = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    return pin(["-c", "-p"], tid, index);
  } catch {
    return false;
  }
}

function pin(options: readonly string[], id: number, index: number): boolean {
  try {
    const core = String(index % cpus().length);
    execFileSync("taskset", [...options, core, String(id)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
