/** What the p2p tests share: hosts on free loopback ports, polling with a deadline, a stream host in memory. */
import { randomBytes } from "node:crypto";
import { PomlError } from "../../chain/errors.ts";
import { createHost, type Host } from "../../p2p/host.ts";
import { SILENT } from "../../p2p/log.ts";
import type { HostOptions } from "../../p2p/options.ts";
import { Asking } from "../../p2p/protocols/asking.ts";
import type { ByteStream } from "../../p2p/protocols/stream.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";

export const NETWORK = "0123456789abcdef";

/** Polls until `condition` holds; fails with `what` after the deadline. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Hosts that `stopAll` stops; made with a random seed unless given one. */
export class Hosts {
  readonly #running: Host[] = [];

  async create(options: Partial<HostOptions> = {}): Promise<Host> {
    const host = await createHost(
      { seed: randomBytes(32), network: NETWORK, ...options },
      { log: SILENT },
    );
    this.#running.push(host);
    return host;
  }

  async start(options: Partial<HostOptions> = {}): Promise<Host> {
    const host = await this.create(options);
    await host.start();
    return host;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((host) => host.stop()));
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

type StreamHandler = (stream: ByteStream, peer: string) => Promise<void>;

/** Two stream hosts, named "alice" and "bob", joined in memory: every stream is a pair of queues. */
export class MemoryHost implements StreamHost {
  readonly log = SILENT;
  readonly reports: { peer: string; code: string; action: string }[] = [];
  readonly asking = new Asking(() => performance.now());
  timeMs = 0;
  readonly #name: string;
  readonly #handlers = new Map<string, StreamHandler>();
  #other: MemoryHost | undefined;

  private constructor(name: string) {
    this.#name = name;
  }

  static pair(): [MemoryHost, MemoryHost] {
    const alice = new MemoryHost("alice");
    const bob = new MemoryHost("bob");
    alice.#other = bob;
    bob.#other = alice;
    return [alice, bob];
  }

  now(): number {
    return this.timeMs;
  }

  report(peer: string, error: unknown): void {
    if (!(error instanceof PomlError)) throw error;
    this.reports.push({ peer, code: error.code, action: error.action });
  }

  onStream(protocol: string, handler: StreamHandler): Promise<void> {
    this.#handlers.set(protocol, handler);
    return Promise.resolve();
  }

  openStream(_peer: string, protocol: string): Promise<ByteStream> {
    const handler = this.#other === undefined ? undefined : this.#other.#handlers.get(protocol);
    if (handler === undefined) throw new Error(`nobody serves ${protocol}`);
    const [ours, theirs] = streamPair();
    void handler(theirs, this.#name);
    return Promise.resolve(ours);
  }
}

/** Two ends of one stream: what one sends, the other reads. */
export function streamPair(): [ByteStream, ByteStream] {
  const a = new Pipe();
  const b = new Pipe();
  return [end(a, b), end(b, a)];
}

function end(incoming: Pipe, outgoing: Pipe): ByteStream {
  return {
    chunks: incoming.read(),
    onClose: (listener) => incoming.onFailure(listener),
    send: (bytes) => {
      outgoing.push(bytes);
      return true;
    },
    drained: () => Promise.resolve(),
    close: () => {
      outgoing.finish();
      return Promise.resolve();
    },
    abort: (error) => {
      incoming.finish(error);
      outgoing.finish(new Error("reset by the other side"));
    },
  };
}

class Pipe {
  readonly #queue: Uint8Array[] = [];
  #outcome: { error?: Error } | undefined;
  #wake = (): void => {};
  #failed = (_error: Error): void => {};

  onFailure(listener: (error: Error) => void): void {
    this.#failed = listener;
  }

  push(bytes: Uint8Array): void {
    if (this.#outcome?.error !== undefined) throw this.#outcome.error;
    this.#queue.push(bytes.slice());
    this.#wake();
  }

  finish(error?: Error): void {
    const isFirst = this.#outcome === undefined;
    this.#outcome ??= error === undefined ? {} : { error };
    this.#wake();
    if (isFirst && error !== undefined) this.#failed(error);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    while (true) {
      if (this.#outcome?.error !== undefined) throw this.#outcome.error;
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#outcome !== undefined) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
