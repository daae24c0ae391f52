/** What anyone can see of a node from outside: its API, its metrics, its health. */
import type { LocalNode } from "../../../helpers/local-network.ts";

const ANSWER_MS = 10_000;

/** HTTP status of a path; 0 when the node does not answer. */
export async function answerOf(node: LocalNode, path: string): Promise<number> {
  try {
    const { status } = await fetch(`${node.client.baseUrl}${path}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return status;
  } catch {
    return 0;
  }
}

/** Whether the node says that it follows the chain. */
export async function isReady(node: LocalNode): Promise<boolean> {
  return (await answerOf(node, "/readyz")) === 200;
}

/** One reading of a node's metrics; the event loop's percentiles cover the time since the last. */
export async function metricsOf(node: LocalNode): Promise<Metrics> {
  const answer = await fetch(`${node.client.baseUrl}/metrics`, {
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return new Metrics(await answer.text());
}

export class Metrics {
  readonly #values = new Map<string, number>();

  /** @param text Prometheus text; samples with labels are left out */
  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [name = "", value = ""] = line.split(" ");
      if (line !== "" && !line.startsWith("#")) this.#values.set(name, Number(value));
    }
  }

  /** @throws RangeError for a name the node does not report */
  value(name: string): number {
    const value = this.#values.get(name);
    if (value === undefined) throw new RangeError(`no metric ${name}`);
    return value;
  }

  get rssMiB(): number {
    return this.value("process_resident_memory_bytes") / 1024 / 1024;
  }

  get loopP99Ms(): number {
    return 1000 * this.value("nodejs_eventloop_lag_p99_seconds");
  }

  get openFiles(): number {
    return this.value("process_open_fds");
  }

  /** Seats and proposers this node saw contradict themselves. */
  get contradictions(): number {
    const names = ["double_votes", "double_proposals", "amnesia"];
    return names.reduce((sum, name) => sum + this.value(`poml_${name}_total`), 0);
  }
}

export async function heightOf(node: LocalNode): Promise<number> {
  return (await node.client.status()).height;
}
