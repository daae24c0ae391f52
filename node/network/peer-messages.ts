/**
 * The only request/response protocol of the nodes among themselves, divided by subject: the first byte of a message
 * names the subject. Each subject decodes its own body.
 */
import { DecodeError } from "../../chain/errors.ts";
import { type MessageHandler, sendMessage, serveMessages } from "../../p2p/protocols/message.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";

/** Wire values; append only. */
const SUBJECTS = {
  "known-votes": 1,
  cosign: 2,
  heartbeat: 3,
  torrent: 4,
  segment: 5,
  audit: 6,
  "cosign-refusal": 7,
  lease: 8,
  "lease-log": 9,
} as const;
export type Subject = keyof typeof SUBJECTS;

export class PeerMessages {
  readonly #host: StreamHost;
  readonly #handlers = new Map<number, MessageHandler>();

  constructor(host: StreamHost) {
    this.#host = host;
  }

  async start(): Promise<void> {
    await serveMessages(this.#host, (message, peer, signal) => {
      const handler = this.#handlers.get(message[0] ?? 0);
      if (handler === undefined)
        throw new DecodeError("peer message", `unknown subject ${message[0]}`);
      return handler(message.subarray(1), peer, signal);
    });
  }

  /** Each subject has one handler; an error with action `reject` that it throws lowers the sender's score. */
  handle(subject: Subject, handler: MessageHandler): void {
    this.#handlers.set(SUBJECTS[subject], handler);
  }

  /** @throws P2pError */
  ask(peer: string, subject: Subject, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const message = new Uint8Array(1 + body.length);
    message[0] = SUBJECTS[subject];
    message.set(body, 1);
    const signal = AbortSignal.timeout(timeoutMs);
    const urgent = subject === "known-votes";
    return sendMessage(this.#host, peer, message, { signal, use: subject, urgent });
  }
}
