/**
 * The answering side of a request/response exchange: admits a few requests per peer, reads one, sends the
 * frames of the answer within the protocol's limits, and says why when there is none.
 */
import { PomlError } from "../../chain/errors.ts";
import { P2pError, reasonOf } from "../errors.ts";
import { TokenBuckets } from "../token-bucket.ts";
import { readFrames, TAG } from "./frames.ts";
import {
  admitted,
  badRequest,
  finish,
  type Protocol,
  streamLimit,
  timedOut,
  writeFrame,
} from "./protocol.ts";
import type { ByteStream } from "./stream.ts";
import type { StreamHost } from "./stream-host.ts";
import { Watchdog } from "./watchdog.ts";

export interface RequestContext {
  readonly peer: string;
  /** Aborts when the exchange is over or out of time. */
  readonly signal: AbortSignal;
}

/** Yields response frames; throws a P2pError NOT_FOUND, or a `reject` error for a bad request. */
export type Answer = (request: Uint8Array, context: RequestContext) => AsyncIterable<Uint8Array>;

/** Serves a protocol to every peer, within its limits. */
export async function answerRequests(
  host: StreamHost,
  protocol: Protocol,
  answer: Answer,
): Promise<void> {
  const { places, rate } = admitted(protocol);
  const buckets = new TokenBuckets(rate);
  const running = new Map<string, number>();
  const onStream = async (stream: ByteStream, peer: string): Promise<void> => {
    const count = running.get(peer) ?? 0;
    // Too many at once is impatience; too many over time is abuse, and counts the refused ones.
    const withinRate = buckets.take(peer, host.now());
    if (!withinRate) host.report(peer, rateLimited(peer, protocol.name));
    const isAdmitted = withinRate && count < places;
    running.set(peer, count + 1);
    try {
      await answerOne(host, protocol, stream, peer, isAdmitted ? answer : undefined);
    } finally {
      const left = (running.get(peer) ?? 1) - 1;
      if (left > 0) running.set(peer, left);
      else running.delete(peer);
    }
  };
  await host.onStream(protocol.name, onStream, streamLimit(protocol));
}

async function answerOne(
  host: StreamHost,
  protocol: Protocol,
  stream: ByteStream,
  peer: string,
  answer: Answer | undefined,
): Promise<void> {
  const { name, stepMs, maxFrameBytes, maxResponseBytes } = protocol;
  const control = new AbortController();
  const watchdog = new Watchdog(stepMs, protocol.totalMs, (ms) => {
    const error = timedOut(peer, name, ms);
    control.abort(error);
    stream.abort(error);
  });
  try {
    if (answer === undefined) {
      await writeFrame(stream, TAG.error, encodeCode("RATE_LIMITED"), control.signal);
      finish(stream, stepMs);
      return;
    }
    const request = await readRequest(stream, protocol, peer);
    // An asker that gave up frees its place at once, for it may ask again.
    stream.onClose((error) => {
      if (error !== undefined) control.abort(error);
    });
    // From here on the time is ours: only the total counts while the answer is being made.
    watchdog.pause();
    let total = 0;
    for await (const payload of until(
      answer(request, { peer, signal: control.signal }),
      control.signal,
    )) {
      total += payload.length;
      if (payload.length > maxFrameBytes || total > maxResponseBytes) {
        throw new RangeError(`${name}: answer over its own limits (${payload.length}, ${total})`);
      }
      watchdog.resume();
      await writeFrame(stream, TAG.data, payload, control.signal);
      watchdog.pause();
    }
    watchdog.resume();
    await writeFrame(stream, TAG.end, new Uint8Array(0), control.signal);
    finish(stream, stepMs);
  } catch (error) {
    await refuse(host, protocol, stream, peer, error);
  } finally {
    watchdog.stop();
    control.abort();
  }
}

async function readRequest(
  stream: ByteStream,
  protocol: Protocol,
  peer: string,
): Promise<Uint8Array> {
  for await (const frame of readFrames(stream.chunks, protocol.maxRequestBytes)) {
    if (frame.tag === TAG.data) return frame.payload;
    throw badRequest(peer, protocol.name, `unknown frame tag ${frame.tag}`);
  }
  // The asker gave up, most likely because it or this node is busy: two busy nodes must not ban each other.
  throw new P2pError(`${protocol.name}: the request was cut off`, {
    code: "STREAM_FAILED",
    peer,
    protocol: protocol.name,
    reason: "ended before a request came",
  });
}

/** Says why to the peer when it can still hear, and to the score book when it was the peer's fault. */
async function refuse(
  host: StreamHost,
  protocol: Protocol,
  stream: ByteStream,
  peer: string,
  error: unknown,
): Promise<void> {
  const { name, stepMs } = protocol;
  const code = error instanceof PomlError ? error.code : "INTERNAL";
  const told = code === "NOT_FOUND" ? code : isReject(error) ? "BAD_REQUEST" : "INTERNAL";
  if (isReject(error)) host.report(peer, error);
  else if (told === "INTERNAL") {
    host.log.debug("request failed", { protocol: name, peer, code, reason: reasonOf(error) });
  }
  try {
    await writeFrame(stream, TAG.error, encodeCode(told), AbortSignal.timeout(stepMs));
    finish(stream, stepMs);
  } catch {
    // The stream is already gone: there is nobody left to tell.
    stream.abort(new Error(told));
  }
}

function isReject(error: unknown): boolean {
  return error instanceof PomlError && error.action === "reject";
}

/** Stops waiting for an answer that does not come, whether or not it listens to the signal itself. */
async function* until(
  answer: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = answer[Symbol.asyncIterator]();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  let done = false;
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) {
        done = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: a stuck answer would keep the stream and its slot.
    if (!done) iterator.return?.().catch(() => {});
  }
}

function encodeCode(code: string): Uint8Array {
  return new TextEncoder().encode(code);
}

function rateLimited(peer: string, protocol: string): P2pError {
  const facts = { code: "RATE_LIMITED", peer, protocol } as const;
  return new P2pError(`${protocol}: too many requests`, facts);
}
