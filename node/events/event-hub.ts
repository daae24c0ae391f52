/** The node's event stream: a bounded history of events, with a cursor from which to resume. */
import type { EventSource, NodeEvent } from "./node-event.ts";

const KEPT = 2000;

export class EventHub implements EventSource {
  readonly #kept: NodeEvent[] = [];
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #cursor = 0;

  get cursor(): number {
    return this.#cursor;
  }

  emit(type: NodeEvent["type"], data: NodeEvent["data"]): void {
    const event = { cursor: ++this.#cursor, type, data };
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(since: number | undefined, listener: (event: NodeEvent) => void): () => void {
    if (since !== undefined) {
      for (const event of this.#kept) if (event.cursor > since) listener(event);
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
