/** What several nodes report of themselves at /metrics: the worst of them, or their sum. */
import type { LocalNode } from "../../helpers/local-network.ts";

export interface Vitals {
  readonly rssMb: number;
  /** Since they were asked before. */
  readonly eventLoopP99Ms: number;
  /** Processor time of all together since they started. */
  readonly cpuMs: number;
}

export async function vitalsOf(nodes: readonly LocalNode[]): Promise<Vitals> {
  const texts = await Promise.all(nodes.map(readMetrics));
  const worst = (name: string): number => Math.max(...texts.map((text) => metricOf(text, name)));
  return {
    rssMb: Math.round(worst("process_resident_memory_bytes") / 1e6),
    cpuMs: 1000 * texts.reduce((sum, text) => sum + metricOf(text, "process_cpu_seconds_total"), 0),
    eventLoopP99Ms: Math.round(1000 * worst("nodejs_eventloop_lag_p99_seconds")),
  };
}

export async function readMetrics({ ports }: LocalNode): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${ports.api}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  return answer.text();
}

export function metricOf(text: string, name: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no metric ${name}`);
  return Number(line.slice(name.length + 1));
}
