/**
 * What all request/response protocols share: limits, the writing of a frame, and the errors of an exchange.
 * `request.ts` is the asking side, `answer.ts` the answering side.
 */
import { P2pError } from "../errors.ts";
import type { Rate } from "../token-bucket.ts";
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
  /** Requests that an asker may have under way with one peer; further ones wait on the asking side. */
  readonly maxConcurrent: number;
  /** Requests of an asker to one peer over time. */
  readonly rate: Rate;
}

/** Requests beyond `maxConcurrent` that consensus may have under way with one peer. */
export const URGENT_PLACES = 2;
/**
 * The answering side grants this multiple of what an asker keeps to: requests can arrive closer together than they were
 * sent, and the next one may arrive before the last one is counted as done.
 */
const GRANT = 2;

/** What the answering side admits from one peer. */
export function admitted({ maxConcurrent, rate }: Protocol): { places: number; rate: Rate } {
  return {
    places: GRANT * (maxConcurrent + URGENT_PLACES),
    rate: { burst: GRANT * rate.burst, perSecond: GRANT * rate.perSecond },
  };
}

/**
 * How many streams of one protocol and peer may be open before libp2p resets the next one: a stream whose answer is
 * complete still counts until both sides have closed it.
 */
export function streamLimit(protocol: Protocol): number {
  return 2 * admitted(protocol).places;
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

/** Sends the last bytes in the background; the answer is already complete. */
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
