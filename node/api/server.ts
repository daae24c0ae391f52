/**
 * The node's HTTP side: the API, the event stream and the page on one port, which the worker link shares through
 * `onUpgrade`. It gets all its information from `NodeServices`, and never uses store, consensus or network directly.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Header } from "../../chain/types/block.ts";
import type { Log } from "../../p2p/log.ts";
import { placeOf } from "../../p2p/peers/place.ts";
import type { Clock } from "../clock.ts";
import type { EventSource } from "../events/node-event.ts";
import { apiError } from "./api-error.ts";
import { createApp } from "./app.ts";
import { type Caller, callerOf } from "./caller.ts";
import { PROBLEM_TYPE } from "./contract/problem.ts";
import { EventStream } from "./event-stream.ts";
import { checkHost, checkOrigin } from "./guard.ts";
import { API_LIMITS, type ApiLimits } from "./limits.ts";
import { internalProblem, problemOf } from "./problem.ts";
import { RateLimiter } from "./rate-limiter.ts";
import type { Route } from "./route.ts";
import { allRoutes, type RouteServices } from "./routes/all.ts";
import { SharedPlaces } from "./shared-places.ts";
import { hostInUrl } from "./url.ts";

const HEADERS_MS = 10_000;
const REQUEST_MS = 600_000;
const STOP_MS = 2000;
/** A reader of events may get all stored events; a worker's token is read from the disk. */
const UPGRADE_TOKENS = 10;
/** How often Node checks for sockets that exceed these times. */
const CHECK_MS = 2_000;
const MAX_HEADER_BYTES = 16 * 1024;

export interface ApiOptions {
  /** Address to listen on; loopback unless the owner decides otherwise. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly token: string;
  /** Names, besides addresses and localhost, that requests may give in Host. */
  readonly hosts?: readonly string[];
  /** Whether /metrics is served; default true. */
  readonly metrics?: boolean;
  readonly limits?: Partial<ApiLimits>;
}

/** What the HTTP side may request from a running node. */
export type NodeServices = RouteServices & {
  /** Of the newest final block. */
  head(): { readonly header: Header | undefined; readonly hash: Uint8Array };
  readonly events: EventSource;
};

export interface ApiModules {
  readonly services: NodeServices;
  readonly clock: Clock;
  readonly log: Log;
}

export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  caller: Caller,
) => void;

export interface Api {
  readonly httpServer: Server;
  readonly routes: readonly Route[];
  /** The port it listens on; 0 before `start`. */
  readonly port: number;
  /** @throws ApiError PORT_IN_USE */
  start(): Promise<void>;
  /** Ends within two seconds, whatever clients do. */
  stop(): Promise<void>;
  /** Passes WebSocket handshakes for a path to a handler; Host and Origin are checked before. */
  onUpgrade(path: string, handler: UpgradeHandler): void;
}

export function createApi(options: ApiOptions, { services, clock, log }: ApiModules): Api {
  const limits = { ...API_LIMITS, ...options.limits };
  const hosts = [options.host, ...(options.hosts ?? [])].map((name) => name.toLowerCase());
  const routes = allRoutes({ services, clock, limits }, { metrics: options.metrics ?? true });
  const limiter = new RateLimiter(limits, clock);
  const head = (): Uint8Array => services.head().hash;
  const app = createApp({ ...options, limits, hosts }, { routes, log, limiter, head });
  const stream = new EventStream(limits, { events: services.events, log });
  const upgrades = new Map<string, UpgradeHandler>();
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: CHECK_MS },
    app,
  );
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.timeout = limits.idleMs;
  limitConnections(server, limits);
  // A body is requested once its request has passed the guards (body.ts writes "100 Continue").
  server.on("checkContinue", app);
  const upgraded = new Set<Duplex>();
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    socket.on("error", (error) => log.debug("upgrade failed", { reason: error.message }));
    try {
      checkHost(request, hosts);
      checkOrigin(request);
      const caller = callerOf(request, options.token);
      limiter.take(caller, UPGRADE_TOKENS);
      upgradeHandler(request, upgrades)(request, socket, head, caller);
    } catch (error) {
      refuseUpgrade(socket, error, log);
    }
  });
  upgrades.set("/v1/events", (request, socket, head, caller) =>
    stream.handleUpgrade(request, socket, head, caller),
  );

  return {
    httpServer: server,
    routes,
    get port() {
      return (server.address() as AddressInfo | null)?.port ?? 0;
    },
    start: async () => {
      await listen(server, options);
      stream.start();
      log.info("api is listening", { host: options.host, port: options.port });
    },
    stop: async () => {
      stream.stop();
      await close(server, upgraded);
    },
    onUpgrade: (path, handler) => upgrades.set(path, handler),
  };
}

function limitConnections(server: Server, { connections, connectionsPerAddress }: ApiLimits): void {
  const places = new SharedPlaces(connections, connectionsPerAddress);
  server.on("connection", (socket) => {
    const place = placeOf(socket.remoteAddress ?? "");
    if (places.take(place)) socket.on("close", () => places.release(place));
    else socket.destroy();
  });
}

function upgradeHandler(
  { url }: IncomingMessage,
  upgrades: ReadonlyMap<string, UpgradeHandler>,
): UpgradeHandler {
  const path = (url ?? "/").split("?", 1)[0] ?? "/";
  const handler = upgrades.get(path);
  if (handler !== undefined) return handler;
  throw apiError(404, "UNKNOWN_ROUTE", `no WebSocket is served at ${path.slice(0, 200)}`, {
    remedy: `use one of: ${[...upgrades.keys()].join(", ")}`,
  });
}

function refuseUpgrade(socket: Duplex, error: unknown, log: Log): void {
  const problem = problemOf(error) ?? internalProblem();
  if (problem.status === 500) log.error("upgrade failed", { reason: String(error) });
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      "connection: close",
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}

function listen(server: Server, { host, port }: ApiOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      reject(listenError(error, host, port));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE") return portInUse(host, port, error);
  if (error.code === "EACCES") {
    return apiError(0, "PORT_NOT_ALLOWED", `api.port: this user may not listen on port ${port}`, {
      field: "api.port",
      cause: error,
      remedy: "choose a port above 1023 (--api-port, POML_API_PORT; 0 = any)",
    });
  }
  return apiError(0, "BAD_HOST", `api.host: cannot listen on ${host}: ${error.code}`, {
    field: "api.host",
    cause: error,
    remedy:
      "name an address of this machine, e.g. 127.0.0.1, ::1, 0.0.0.0 (--api-host, POML_API_HOST)",
  });
}

function portInUse(host: string, port: number, cause: unknown): Error {
  return apiError(
    0,
    "PORT_IN_USE",
    `api.port: ${hostInUrl(host)}:${port} is in use by another program`,
    {
      field: "api.port",
      cause,
      remedy: "stop that program, or choose another port (--api-port, POML_API_PORT; 0 = any)",
    },
  );
}

/** The server does not count upgraded connections as its own, but waits for them. */
async function close(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, STOP_MS);
  await closed;
  clearTimeout(timer);
}
