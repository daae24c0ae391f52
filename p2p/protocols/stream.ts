/**
 * The byte stream that the protocols need, and the adapter that makes one from libp2p's stream. Reading is a pull:
 * while nothing is read, a little is buffered and then the sender is held back, so that a slow reader costs no memory.
 */
import type { Stream } from "@libp2p/interface";

/** One bidirectional stream to one peer. Tests use a pair in memory. */
export interface ByteStream {
  /** Chunks as they arrive, cut anywhere. To be iterated once; throws when the stream fails. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Queues bytes. When it returns false, await `drained` before the next send. */
  send(bytes: Uint8Array): boolean;
  drained(signal: AbortSignal): Promise<void>;
  /** Ends our writing side once all bytes have been sent. */
  close(signal: AbortSignal): Promise<void>;
  /** Calls the listener when both sides are done, with an error if the stream was reset or lost. */
  onClose(listener: (error: Error | undefined) => void): void;
  /** Drops everything at once; a pending read throws `error`. */
  abort(error: Error): void;
}

const HIGH_WATER_BYTES = 512 * 1024;

export function fromLibp2p(stream: Stream): ByteStream {
  return {
    chunks: pull(stream),
    send: (bytes) => stream.send(bytes),
    drained: (signal) => drained(stream, signal),
    close: (signal) => stream.close({ signal }),
    onClose: (listener) =>
      stream.addEventListener("close", ({ error }) => listener(error), { once: true }),
    abort: (error) => stream.abort(error),
  };
}

/** libp2p's own `onDrain` (utils 7) waits only for the first drain, and returns at once ever after. */
async function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  while (stream.writableNeedsDrain && stream.status === "open") {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        stream.removeEventListener("drain", onDrain);
        stream.removeEventListener("close", onDrain);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onDrain = (): void => finish(resolve);
      const onAbort = (): void => finish(() => reject(signal.reason));
      stream.addEventListener("drain", onDrain);
      stream.addEventListener("close", onDrain);
      signal.addEventListener("abort", onAbort);
    });
  }
}

/**
 * libp2p's own iterator buffers without limit, and loses what arrives while it is paused at the end of the stream. This
 * one listens to the events itself.
 */
async function* pull(stream: Stream): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let paused = false;
  let outcome: { error?: Error } | undefined = stream.readableEnded ? {} : undefined;
  let wake = (): void => {};

  const onMessage = (event: { data: { subarray(): Uint8Array } }): void => {
    const bytes = event.data.subarray();
    queue.push(bytes);
    queuedBytes += bytes.length;
    if (!paused && queuedBytes > HIGH_WATER_BYTES && stream.readStatus === "readable") {
      paused = true;
      stream.pause();
    }
    wake();
  };
  const onEnd = (): void => {
    outcome ??= {};
    wake();
  };
  const onClose = (event: { error?: Error }): void => {
    if (event.error !== undefined) outcome = { error: event.error };
    else if (stream.readBufferLength === 0) outcome ??= {};
    wake();
  };
  stream.addEventListener("message", onMessage);
  stream.addEventListener("end", onEnd);
  stream.addEventListener("close", onClose);
  try {
    while (true) {
      if (outcome?.error !== undefined) throw outcome.error;
      const next = queue.shift();
      if (next !== undefined) {
        queuedBytes -= next.length;
        yield next;
        continue;
      }
      if (paused && stream.readStatus === "paused") {
        paused = false;
        stream.resume();
        continue;
      }
      if (outcome !== undefined) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stream.removeEventListener("message", onMessage);
    stream.removeEventListener("end", onEnd);
    stream.removeEventListener("close", onClose);
  }
}
