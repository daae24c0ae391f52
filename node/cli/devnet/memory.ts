/** Adds up the resident memory of this process and all processes that it started, from /proc; Linux only. */
import { readdir, readFile } from "node:fs/promises";

const SAMPLE_MS = 500;
const PAGE_KIB = 4;

export class MemoryMeter {
  #peakKib = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running = this.#sample().catch(() => undefined);
    }, SAMPLE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  /** Largest sum seen so far, MiB; 0 where there is no /proc. */
  get peakMib(): number {
    return Math.round(this.#peakKib / 1024);
  }

  async #sample(): Promise<void> {
    const total = await familyRssKib(process.pid);
    this.#peakKib = Math.max(this.#peakKib, total);
  }
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly rssKib: number;
}

/** Sum over `root` and its descendants, in KiB. A page that several processes share counts for each of them. */
export async function familyRssKib(root: number): Promise<number> {
  const names = await readdir("/proc");
  const rows = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readRow));
  const family = new Set([root]);
  const known = rows.filter((row) => row !== undefined);
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of known) if (family.has(parent)) family.add(pid);
  }
  return known.reduce((sum, { pid, rssKib }) => sum + (family.has(pid) ? rssKib : 0), 0);
}

/** From /proc/<pid>/stat (proc(5)); the name in brackets may contain any character, so the line is split after it. */
async function readRow(pid: string): Promise<ProcessRow | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid: Number(pid), parent: Number(fields[1]), rssKib: Number(fields[21]) * PAGE_KIB };
}
