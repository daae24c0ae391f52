/** Reads the event stream: resumes after the last cursor, reconnects with back-off, notices silence. */
import { setTimeout as delay } from "node:timers/promises";
import { type RawData, WebSocket } from "ws";
import { type EventJson, StreamMessage } from "./contract/event.ts";

const HANDSHAKE_MS = 10_000;
/** The server pings every 15 s. */
const SILENCE_MS = 45_000;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_BACKOFF_MS = 5000;

export interface ReadEventsOptions {
  readonly baseUrl: string;
  /** Cursor of the last event seen; undefined = new events only. */
  readonly since: number | undefined;
  readonly onEvent: (event: EventJson) => void;
  readonly signal: AbortSignal;
}

/** Resolves when the signal fires; rejects only with errors of `onEvent`. */
export async function readEvents(options: ReadEventsOptions): Promise<void> {
  const { baseUrl, onEvent, signal } = options;
  let since = options.since;
  let backoffMs = 100;
  while (!signal.aborted) {
    const opened = await readOnce(baseUrl, since, signal, (message) => {
      if (message.type === "hello") {
        // A cursor ahead of the node's belongs to an earlier run of the node: start from the beginning.
        if (since === undefined) since = message.cursor;
        else if (since > message.cursor) since = 0;
        return;
      }
      since = message.cursor;
      onEvent(message);
    });
    backoffMs = opened ? 100 : Math.min(2 * backoffMs, MAX_BACKOFF_MS);
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * One connection, from opening to closing.
 * @returns whether it was ever open
 */
function readOnce(
  baseUrl: string,
  since: number | undefined,
  signal: AbortSignal,
  onMessage: (message: StreamMessage) => void,
): Promise<boolean> {
  const url = new URL(`${baseUrl}/v1/events`);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (since !== undefined) url.searchParams.set("since", String(since));
  return new Promise((resolve, reject) => {
    let opened = false;
    const socket = new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    const silence = setTimeout(() => socket.terminate(), SILENCE_MS);
    const stop = (): void => socket.terminate();
    signal.addEventListener("abort", stop, { once: true });
    const end = (settle: () => void): void => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      socket.terminate();
      settle();
    };
    socket.on("open", () => {
      opened = true;
    });
    socket.on("ping", () => silence.refresh());
    socket.on("message", (data: RawData) => {
      silence.refresh();
      if (signal.aborted) return;
      const message = decode(data);
      if (message === undefined) return;
      try {
        onMessage(message);
      } catch (error) {
        end(() => reject(error));
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => end(() => resolve(opened)));
  });
}

/** Undefined for anything that the contract does not know, because a newer node may send more. */
function decode(data: RawData): StreamMessage | undefined {
  try {
    const parsed = StreamMessage.safeParse(JSON.parse(String(data)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
