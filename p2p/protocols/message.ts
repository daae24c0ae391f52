/** One opaque request, one opaque response: the members of a job's team talk to each other in this way. */
import { answerRequests } from "./answer.ts";
import type { Protocol } from "./protocol.ts";
import { type RequestOptions, requestOne } from "./request.ts";
import type { StreamHost } from "./stream-host.ts";

const MAX_MESSAGE_BYTES = 1024 * 1024;

export const MESSAGE: Protocol = {
  name: "message",
  maxRequestBytes: MAX_MESSAGE_BYTES,
  maxFrameBytes: MAX_MESSAGE_BYTES,
  maxResponseBytes: MAX_MESSAGE_BYTES,
  stepMs: 10_000,
  totalMs: 30_000,
  maxConcurrent: 16,
  rate: { burst: 200, perSecond: 50 },
};

/** Sends up to 1 MiB to one peer and returns its reply of up to 1 MiB. */
export function sendMessage(
  host: StreamHost,
  peer: string,
  message: Uint8Array,
  options: RequestOptions = {},
): Promise<Uint8Array> {
  return requestOne(host, peer, MESSAGE, message, options);
}

export type MessageHandler = (
  message: Uint8Array,
  peer: string,
  signal: AbortSignal,
) => Promise<Uint8Array>;

/** @param reply a `reject` error that it throws lowers the sender's score and is answered with BAD_REQUEST */
export function serveMessages(host: StreamHost, reply: MessageHandler): Promise<void> {
  return answerRequests(host, MESSAGE, async function* (message, { peer, signal }) {
    yield await reply(message, peer, signal);
  });
}
