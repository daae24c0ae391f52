/**
 * The answering side of a request/response exchange: admits a few requests per peer, reads one, and sends the frames of
 * the answer within the protocol's limits, or the reason why there is no answer.
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
  /** Aborts when the exchange is over or its time has run out. */
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
    // Too many requests at once are only refused. Too many over time are an offence, and refused requests count too.
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
    // The place of an asker that gave up becomes free at once, because the asker may try again.
    stream.onClose((error) => {
      if (error !== undefined) control.abort(error);
    });
    // From here on only the total deadline counts: this node, not the peer, is making the answer.
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
  // The asker gave up, most likely because it or this node is busy. Two busy nodes must not ban each other.
  throw new P2pError(`${protocol.name}: the request was cut off`, {
    code: "STREAM_FAILED",
    peer,
    protocol: protocol.name,
    reason: "the stream ended before a request came",
  });
}

/**
 * Sends the reason to the peer if it can still receive, and reports the error to the score book if the peer is at
 * fault.
 */
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
    // The stream is already closed: no one can receive the reason.
    stream.abort(new Error(told));
  }
}

function isReject(error: unknown): boolean {
  return error instanceof PomlError && error.action === "reject";
}

/** Stops waiting for a late answer when the signal fires, whether or not the answer listens to the signal. */
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
    // Not awaited: a stuck answer would hold the stream and its slot.
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
