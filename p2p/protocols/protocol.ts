/**
 * What every request/response protocol shares: its limits, what it needs of the host, how a frame is written
 * and the errors of an exchange. `request.ts` is the asking side, `answer.ts` the answering side.
 */
import { P2pError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Rate } from "../peers/token-bucket.ts";
import { frameHeader, type Tag } from "./frames.ts";
import type { ByteStream } from "./stream.ts";

export interface Protocol {
  /** Short name; the host adds the network and version. */
  readonly name: string;
  readonly maxRequestBytes: number;
  readonly maxFrameBytes: number;
  readonly maxResponseBytes: number;
  /** For each read and write. */
  readonly stepMs: number;
  /** For the whole exchange. */
  readonly totalMs: number;
  /** Inbound requests of one peer served at the same time. */
  readonly maxConcurrent: number;
  /** Inbound requests of one peer over time. */
  readonly rate: Rate;
}

/** What a protocol needs of the host. */
export interface StreamHost {
  openStream(peer: string, protocol: string, signal: AbortSignal): Promise<ByteStream>;
  onStream(
    protocol: string,
    handler: (stream: ByteStream, peer: string) => Promise<void>,
  ): Promise<void>;
  report(peer: string, error: unknown): void;
  /** Monotonic milliseconds. */
  now(): number;
  readonly log: Log;
}

export async function writeFrame(
  stream: ByteStream,
  tag: Tag,
  payload: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const more = stream.send(frameHeader(tag, payload.length));
  const drained = payload.length === 0 ? more : stream.send(payload);
  if (!drained) await stream.drained(signal);
}

/** Lets the last bytes leave in the background; the answer is already complete. */
export function finish(stream: ByteStream, timeoutMs: number): void {
  stream
    .close(AbortSignal.timeout(timeoutMs))
    .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error("closed")));
}

export function badRequest(peer: string, protocol: string, reason: string): P2pError {
  const facts = { code: "BAD_REQUEST", peer, protocol, reason } as const;
  return new P2pError(`${protocol}: bad request: ${reason}`, facts);
}

export function badResponse(peer: string, protocol: string, reason: string): P2pError {
  const facts = { code: "BAD_RESPONSE", peer, protocol, reason } as const;
  return new P2pError(`${protocol}: bad response: ${reason}`, facts);
}

export function timedOut(peer: string, protocol: string, timeoutMs: number): P2pError {
  const facts = { code: "TIMEOUT", peer, protocol, timeoutMs } as const;
  return new P2pError(`${protocol}: no progress within ${timeoutMs} ms`, facts);
}
