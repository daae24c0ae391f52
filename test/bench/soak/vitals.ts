/** What one running node holds at a moment: descriptors by kind, memory, delays, bytes on disk by folder. */
import { readdir, readlink, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { LocalNode } from "../../helpers/local-network.ts";
import { metricOf, readMetrics } from "../chain/node-metrics.ts";

export interface Vitals {
  readonly descriptors: number;
  /** Sockets, pipes, files by the folder they lie in. Linux only, elsewhere empty. */
  readonly descriptorKinds: Readonly<Record<string, number>>;
  readonly rssMb: number;
  /** With garbage that was not collected yet. */
  readonly heapMb: number;
  /** The longest 1 % since the last look. */
  readonly eventLoopP99Ms: number;
  readonly diskMb: number;
  /** By folder or file of the data directory. */
  readonly diskKinds: Readonly<Record<string, number>>;
}

export async function vitalsOf(node: LocalNode): Promise<Vitals> {
  const metrics = await readMetrics(node);
  const diskKinds = await diskOf(node.dataDir);
  return {
    descriptors: metricOf(metrics, "process_open_fds"),
    descriptorKinds: await descriptorsOf(node),
    rssMb: metricOf(metrics, "process_resident_memory_bytes") / 1e6,
    heapMb: metricOf(metrics, "nodejs_heap_size_used_bytes") / 1e6,
    eventLoopP99Ms: 1000 * metricOf(metrics, "nodejs_eventloop_lag_p99_seconds"),
    diskMb: Object.values(diskKinds).reduce((sum, mb) => sum + mb, 0),
    diskKinds,
  };
}

async function descriptorsOf({ pid, dataDir }: LocalNode): Promise<Record<string, number>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const counts: Record<string, number> = {};
  for (const name of names) {
    const target = await readlink(join(folder, name)).catch(() => undefined);
    if (target === undefined) continue;
    const kind = kindOf(target, dataDir);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function kindOf(target: string, dataDir: string): string {
  const special = /^(?:anon_inode:\[?(\w+)\]?|(\w+):\[\d+\])/.exec(target);
  if (special !== null) return special[1] ?? special[2] ?? "other";
  if (target.startsWith(dataDir)) return `file in ${placeOf(target, dataDir)}`;
  return "file";
}

async function diskOf(dataDir: string): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for (const name of await readdir(dataDir))
    kinds[name] = (await bytesIn(join(dataDir, name))) / 1e6;
  return kinds;
}

/** Files and folders that go meanwhile count nothing. */
async function bytesIn(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return found?.size ?? 0;
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map((name) => bytesIn(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function placeOf(path: string, dataDir: string): string {
  return relative(dataDir, path).split(sep)[0] ?? "";
}
