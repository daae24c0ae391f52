/**
 * The asking side of a request/response exchange: one request, then frames until the end frame, within the
 * protocol's sizes and deadlines. Every failure is a P2pError and is reported to the host's score book here.
 */
import { P2pError, reasonOf } from "../errors.ts";
import { type Frame, readFrames, TAG } from "./frames.ts";
import { badResponse, finish, type Protocol, timedOut, writeFrame } from "./protocol.ts";
import type { ByteStream } from "./stream.ts";
import type { StreamHost } from "./stream-host.ts";
import { Watchdog } from "./watchdog.ts";

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the request is for: the uses of one protocol take turns. Default: the protocol's name. */
  readonly use?: string | undefined;
  /** Does not wait behind other requests; for consensus only. */
  readonly urgent?: boolean | undefined;
}

/**
 * Yields the payload of each response frame, once it is this request's turn (asking.ts). Leaving the loop early
 * aborts the stream.
 */
export async function* sendRequest(
  host: StreamHost,
  peer: string,
  protocol: Protocol,
  request: Uint8Array,
  options: RequestOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { name, stepMs, maxRequestBytes, maxResponseBytes } = protocol;
  if (request.length > maxRequestBytes) {
    throw new P2pError(
      `${name}: a request of ${request.length} bytes is over the limit of ${maxRequestBytes}`,
      { code: "REQUEST_TOO_LARGE", protocol: name, limit: maxRequestBytes, size: request.length },
    );
  }
  const control = new AbortController();
  const fail = (error: Error): void => control.abort(error);
  const onCancel = (): void =>
    fail(new P2pError(`${name}: cancelled`, { code: "CANCELLED", peer, protocol: name }));
  if (options.signal?.aborted) onCancel();
  options.signal?.addEventListener("abort", onCancel, { once: true });
  let watchdog: Watchdog | undefined;
  let free: (() => void) | undefined;
  let stream: ByteStream | undefined;
  let finished = false;
  try {
    const { use = name, urgent = false } = options;
    free = await host.asking.turn({ peer, protocol, use, urgent, signal: control.signal });
    watchdog = new Watchdog(stepMs, protocol.totalMs, (ms) => fail(timedOut(peer, name, ms)));
    const opened = await host.openStream(peer, name, control.signal);
    stream = opened;
    control.signal.throwIfAborted();
    control.signal.addEventListener("abort", () => opened.abort(control.signal.reason));
    await writeFrame(opened, TAG.data, request, control.signal);
    let total = 0;
    for await (const frame of readFrames(opened.chunks, protocol.maxFrameBytes)) {
      if (frame.tag === TAG.end) {
        finished = true;
        return;
      }
      if (frame.tag === TAG.error) {
        finished = true;
        throw remoteError(peer, name, frame);
      }
      total += frame.payload.length;
      if (frame.tag !== TAG.data) throw badResponse(peer, name, `unknown frame tag ${frame.tag}`);
      if (total > maxResponseBytes) {
        throw new P2pError(`${name}: the response is over the limit of ${maxResponseBytes} bytes`, {
          code: "RESPONSE_TOO_LARGE",
          peer,
          protocol: name,
          limit: maxResponseBytes,
        });
      }
      watchdog.pause();
      yield frame.payload;
      watchdog.resume();
    }
    throw new P2pError(`${name}: the response was cut off`, {
      code: "STREAM_FAILED",
      peer,
      protocol: name,
      reason: "the stream ended without an end frame",
    });
  } catch (error) {
    const failure = asP2pError(error, peer, name, control.signal);
    host.report(peer, failure);
    throw failure;
  } finally {
    watchdog?.stop();
    options.signal?.removeEventListener("abort", onCancel);
    if (finished && stream !== undefined) finish(stream, stepMs);
    else stream?.abort(new Error("request given up"));
    free?.();
  }
}

/** For a response that is exactly one frame. */
export async function requestOne(
  host: StreamHost,
  peer: string,
  protocol: Protocol,
  request: Uint8Array,
  options: RequestOptions = {},
): Promise<Uint8Array> {
  const frames: Uint8Array[] = [];
  for await (const frame of sendRequest(host, peer, protocol, request, options)) {
    frames.push(frame);
    if (frames.length > 1) break;
  }
  const [only] = frames;
  if (only !== undefined && frames.length === 1) return only;
  const error = badResponse(
    peer,
    protocol.name,
    `${only === undefined ? "no" : "more than one"} frame`,
  );
  host.report(peer, error);
  throw error;
}

/** Error codes travel as short upper-case ASCII. */
const CODE = /^[A-Z_]{1,40}$/;

function remoteError(peer: string, protocol: string, frame: Frame): P2pError {
  const code = new TextDecoder().decode(frame.payload.subarray(0, 64));
  if (!CODE.test(code)) return badResponse(peer, protocol, "malformed error code");
  switch (code) {
    case "NOT_FOUND":
      return new P2pError(`${protocol}: the peer does not have it`, {
        code: "NOT_FOUND",
        what: protocol,
      });
    case "RATE_LIMITED":
      // The peer says that we asked too often, which is no offence of the peer.
      return new P2pError(
        `${protocol}: the peer limits our requests`,
        { code: "RATE_LIMITED", peer, protocol },
        { action: "local", remedy: "ask less often or ask another peer" },
      );
    default:
      return new P2pError(`${protocol}: the peer answered ${code}`, {
        code: "REMOTE_ERROR",
        peer,
        protocol,
        remoteCode: code,
      });
  }
}

/** Where a deadline or a cancellation made the stream fail, that is the error to report. */
function asP2pError(error: unknown, peer: string, protocol: string, signal: AbortSignal): P2pError {
  if (signal.reason instanceof P2pError) return signal.reason;
  if (error instanceof P2pError) return error;
  const reason = reasonOf(error);
  const facts = { code: "STREAM_FAILED", peer, protocol, reason } as const;
  return new P2pError(`${protocol}: ${reason}`, facts, { cause: error });
}
