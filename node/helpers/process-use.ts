/** What another process of this machine has used so far, if the system reports it (Linux). */
import { readFile } from "node:fs/promises";

/** Of `utime` and `stime`, on every Linux. */
const TICKS_PER_SECOND = 100;

export interface ProcessUse {
  readonly residentBytes: number;
  /** On all cores together. */
  readonly cpuMs: number;
}

/** @returns zeros if the system does not report it */
export async function processUse(pid: number | undefined): Promise<ProcessUse> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, "utf8").catch(() => ""),
    readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""),
  ]);
  const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  // The name in brackets may contain anything, even spaces; user and system time are the 12th and 13th fields after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return { residentBytes: residentKib * 1024, cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}
