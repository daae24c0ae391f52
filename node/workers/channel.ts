/**
 * Typed messages over one WebSocket, the same on both ends. A violation of the rules closes the link with the reason;
 * nothing from the other side is trusted before `decode` has accepted it.
 */
import type { WebSocket } from "ws";
import type { Clock } from "../clock.ts";
import { PART_BYTES } from "./blob.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { badFrame, breach, WorkerError } from "./worker-error.ts";

/** Close codes of RFC 6455. */
const NORMAL = 1000;
const PROTOCOL_ERROR = 1002;
/** The reason of a close frame takes at most 123 bytes. */
const REASON_CHARACTERS = 40;

export interface ChannelHandlers<Incoming> {
  /** Turns a header into a message. @throws WorkerError */
  decode(header: unknown): Incoming;
  /** Throws WorkerError to close the link. */
  onMessage(message: Incoming, payload: Uint8Array): void;
  /** Called once, whichever side closed. */
  onClosed(reason: string): void;
}

export class Channel<Incoming> {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #handlers: ChannelHandlers<Incoming>;
  #heardAt: number;
  #reason: string | undefined;
  #open = true;

  constructor(socket: WebSocket, clock: Clock, handlers: ChannelHandlers<Incoming>) {
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#heardAt = clock.monotonic();
    const heard = (): void => {
      this.#heardAt = clock.monotonic();
    };
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("message", (data, isBinary) => {
      heard();
      this.#receive(data, isBinary);
    });
    socket.on("error", (error) => {
      this.#reason ??= error.message;
    });
    socket.on("close", (code, reason) => this.#closed(reason.toString() || `closed (${code})`));
  }

  get open(): boolean {
    return this.#open;
  }

  /** Milliseconds without any message from the other side. */
  get silenceMs(): number {
    return this.#clock.monotonic() - this.#heardAt;
  }

  ping(): void {
    if (this.#open) this.#socket.ping();
  }

  /**
   * Resolves when the bytes are on their way, so that awaiting it paces the sender. Does nothing on a closed link;
   * `onClosed` reports the closing once.
   */
  send(message: object, payload?: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#open) resolve();
      else this.#socket.send(encodeFrame(message, payload), () => resolve());
    });
  }

  /**
   * Sends `bytes` in parts.
   * @param start bytes sent before of the same input or output
   * @returns false when `isWanted` returned false or the link closed
   */
  async sendParts(
    task: number,
    bytes: Uint8Array,
    isWanted: () => boolean,
    start = 0,
  ): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      if (!isWanted() || !this.#open) return false;
      const part = bytes.subarray(at, at + PART_BYTES);
      await this.send({ type: "part", task, offset: start + at }, part);
    }
    return this.#open;
  }

  close(reason = "closing"): void {
    this.#end(reason, NORMAL);
  }

  /** Closes without a handshake, for a side that no longer answers. */
  terminate(reason: string): void {
    this.#reason ??= reason;
    this.#socket.terminate();
  }

  #receive(data: unknown, isBinary: boolean): void {
    if (!this.#open || this.#reason !== undefined) return;
    try {
      if (!isBinary || !(data instanceof Uint8Array)) throw badFrame("not a binary message");
      const { header, payload } = decodeFrame(data);
      const message = this.#handlers.decode(header);
      if (payload.length > 0 && !carriesPayload(header)) throw breach("an unexpected payload");
      this.#handlers.onMessage(message, payload);
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      this.#end(error.message, PROTOCOL_ERROR);
    }
  }

  #end(reason: string, code: number): void {
    this.#reason ??= reason;
    this.#socket.close(code, this.#reason.slice(0, REASON_CHARACTERS));
  }

  #closed(remote: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#handlers.onClosed(this.#reason ?? remote);
  }
}

function carriesPayload({ type }: Readonly<Record<string, unknown>>): boolean {
  return type === "part" || type === "order" || type === "lacks";
}
