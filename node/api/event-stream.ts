/**
 * The event stream over WebSocket: first a replay after `?since=`, then live events. Each reader has a bounded queue; a
 * reader that is too slow is disconnected, with the cursor from which to resume in the reason.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { Log } from "../../p2p/log.ts";
import type { EventSource, NodeEvent } from "../events/node-event.ts";
import type { Caller } from "./caller.ts";
import { CLOSE_SLOW_READER, CLOSE_TOO_MANY, type HelloJson } from "./contract/event.ts";
import type { ApiLimits } from "./limits.ts";
import { checked } from "./route.ts";
import { SharedPlaces } from "./shared-places.ts";

export const EventsQuery = z.strictObject({
  since: z
    .string()
    .regex(/^\d{1,15}$/, "must be a cursor: a whole number")
    .transform(Number)
    .optional()
    .describe("cursor of the last event seen; absent = new events only"),
});

const PING_MS = 15_000;
/** How long a reader may take to read why it is disconnected. */
const CLOSE_MS = 5000;
/** When so many bytes have been given to a socket, the rest waits in our queue. */
const IN_FLIGHT_BYTES = 256 * 1024;
const MAX_MESSAGE_BYTES = 1024;
const CLOSE_GOING_AWAY = 1001;

interface Reader {
  readonly socket: WebSocket;
  readonly queue: NodeEvent[];
  /** Queue length at which the reader counts as slow. */
  readonly limit: number;
  readonly unsubscribe: () => void;
  /** Gives back its place. */
  readonly leave: () => void;
  cursor: number;
  alive: boolean;
}

export class EventStream {
  readonly #limits: ApiLimits;
  readonly #events: EventSource;
  readonly #log: Log;
  readonly #places: SharedPlaces;
  readonly #ownerPlaces: SharedPlaces;
  readonly #readers = new Set<Reader>();
  readonly #encoded = new WeakMap<NodeEvent, string>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #pings: NodeJS.Timeout | undefined;

  constructor(limits: ApiLimits, { events, log }: { events: EventSource; log: Log }) {
    this.#limits = limits;
    this.#places = new SharedPlaces(limits.eventClients);
    // The owner is alone in it, and gets half of the places.
    this.#ownerPlaces = new SharedPlaces(2 * limits.eventClients);
    this.#events = events;
    this.#log = log;
  }

  get readers(): number {
    return this.#readers.size;
  }

  start(): void {
    this.#pings ??= setInterval(() => this.#ping(), PING_MS);
    this.#pings.unref();
  }

  /** Closes the connections of all readers; the server cuts off those that do not answer. */
  stop(): void {
    clearInterval(this.#pings);
    this.#pings = undefined;
    for (const reader of this.#readers) this.#close(reader, CLOSE_GOING_AWAY, "node stops");
  }

  /** @throws ApiError BAD_REQUEST before the handshake */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller): void {
    const { searchParams } = new URL(request.url ?? "/", "ws://node");
    const query = checked(EventsQuery, Object.fromEntries(searchParams), "query");
    this.#server.handleUpgrade(request, socket, head, (client) =>
      this.#welcome(client, query.since, caller),
    );
  }

  #welcome(socket: WebSocket, since: number | undefined, caller: Caller): void {
    socket.on("error", (error) =>
      this.#log.debug("event reader failed", { reason: error.message }),
    );
    const places = caller.isOwner ? this.#ownerPlaces : this.#places;
    if (!places.take(caller)) {
      socket.close(CLOSE_TOO_MANY, "too many readers, try again later");
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
      return;
    }
    const { cursor } = this.#events;
    // A cursor from the future belongs to an earlier run of this node: replay all available events.
    const after = since === undefined ? cursor : since > cursor ? 0 : since;
    const queue: NodeEvent[] = [];
    let reader: Reader | undefined;
    const unsubscribe = this.#events.subscribe(after, (event) => {
      queue.push(event);
      if (reader !== undefined) this.#pump(reader);
    });
    const complete = after === cursor || queue[0]?.cursor === after + 1;
    const hello: HelloJson = {
      type: "hello",
      cursor,
      resumed: after === (since ?? after) && complete,
    };
    reader = {
      socket,
      queue,
      limit: queue.length + this.#limits.eventQueue,
      unsubscribe,
      leave: () => places.release(caller),
      cursor: after,
      alive: true,
    };
    this.#serve(reader, hello);
  }

  #serve(reader: Reader, hello: HelloJson): void {
    const { socket } = reader;
    this.#readers.add(reader);
    socket.on("pong", () => {
      reader.alive = true;
    });
    socket.on("close", () => this.#forget(reader));
    socket.send(JSON.stringify(hello));
    this.#pump(reader);
  }

  /** Sends while the socket accepts data; when the data has left, it continues here. */
  #pump(reader: Reader): void {
    const { socket, queue } = reader;
    if (queue.length > reader.limit) {
      this.#close(reader, CLOSE_SLOW_READER, `too slow, resume with since=${reader.cursor}`);
    }
    while (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < IN_FLIGHT_BYTES) {
      const event = queue.shift();
      if (event === undefined) return;
      reader.cursor = event.cursor;
      socket.send(this.#encode(event), () => this.#pump(reader));
    }
  }

  #encode(event: NodeEvent): string {
    let text = this.#encoded.get(event);
    if (text === undefined) {
      const { cursor, type, data } = event;
      text = JSON.stringify({ cursor, type, data });
      this.#encoded.set(event, text);
    }
    return text;
  }

  #ping(): void {
    for (const reader of this.#readers) {
      if (!reader.alive) {
        reader.socket.terminate();
        continue;
      }
      reader.alive = false;
      reader.socket.ping();
    }
  }

  #close(reader: Reader, code: number, reason: string): void {
    this.#forget(reader);
    reader.socket.close(code, reason);
    setTimeout(() => reader.socket.terminate(), CLOSE_MS).unref();
  }

  #forget(reader: Reader): void {
    reader.unsubscribe();
    reader.queue.length = 0;
    if (this.#readers.delete(reader)) reader.leave();
  }
}
