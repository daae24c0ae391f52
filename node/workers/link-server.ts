/**
 * Accepts workers: checks the token before the WebSocket exists, and the hello after it, and makes a WorkerLink of each
 * accepted one. It listens on its own loopback port for the local workers; the API's server passes remote ones in
 * through `handleUpgrade`.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { breathe } from "../../ml/training/breathe.ts";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import { Admission, type Admitted } from "./admission.ts";
import { Channel } from "./channel.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { holderOf } from "./machine-token.ts";
import {
  decodeWorkerMessage,
  PROTOCOL_VERSION,
  WORKERS_PATH,
  type WorkerMessage,
} from "./protocol.ts";
import { breach } from "./worker-error.ts";
import { type LinkTimings, WorkerLink } from "./worker-link.ts";
import type { WorkerToken } from "./worker-token.ts";

export interface LinkServerOptions {
  /** SHA-256 of the exact engine's kernels, hex: a worker with other ones is refused. */
  readonly engineHash: string;
  /** Decides about remote workers; undefined refuses all of them. */
  readonly remoteToken: WorkerToken | undefined;
  /** For remote workers; one machine gets at most half of them. Local workers are accepted regardless. */
  readonly maxLinks: number;
  readonly timings: LinkTimings;
}

export interface LinkServerModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly onLink: (link: WorkerLink) => void;
  readonly onGone: (link: WorkerLink, reason: string) => void;
}

type Hello = Extract<WorkerMessage, { type: "hello" }>;
type Refused = { readonly refusal: "version" | "engine" | "no-hello"; readonly message: string };

export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #modules: LinkServerModules;
  readonly #http: Server = createServer((_, response) => {
    response.writeHead(404).end();
  });
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  readonly #links = new Set<WorkerLink>();
  readonly #remoteLinks = new Map<WorkerLink, RemoteLink>();
  readonly #admission: Admission;
  readonly #stop = new AbortController();

  constructor(options: LinkServerOptions, modules: LinkServerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#admission = new Admission(options.remoteToken, options.maxLinks);
    this.#http.on("upgrade", (request, socket, head) => this.handleUpgrade(request, socket, head));
  }

  /**
   * Opens the loopback port.
   * @returns its URL
   */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(0, "127.0.0.1", resolve);
    });
    void this.#watch();
    const { port } = this.#http.address() as AddressInfo;
    return `ws://127.0.0.1:${port}${WORKERS_PATH}`;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    if (!this.#http.listening) return;
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
  }

  /** The local worker `id` may connect once with `token`. */
  expectLocal(id: string, token: string): void {
    this.#admission.expectLocal(id, token);
  }

  /** For an HTTP server that got an upgrade request for WORKERS_PATH. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (request.url?.split("?", 1)[0] !== WORKERS_PATH) {
      refuseUpgrade(socket, "404 Not Found", `workers connect to ${WORKERS_PATH}`);
      return;
    }
    void this.#admit(request, socket, head);
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const worker = await this.#admission.admit(request);
    if (socket.destroyed) return;
    if (worker === undefined) {
      this.#modules.log.warn("worker refused: wrong token", { from: request.socket.remoteAddress });
      refuseUpgrade(
        socket,
        "401 Unauthorized",
        "wrong worker token: copy worker-token from the data directory of the node; its API token is another",
      );
      return;
    }
    if (this.#stop.signal.aborted || !this.#admission.hasPlace(worker)) {
      refuseUpgrade(socket, "503 Service Unavailable", "the node takes no more workers");
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#meet(ws, worker));
  }

  #meet(socket: WebSocket, worker: Admitted): void {
    const { clock, log } = this.#modules;
    let link: WorkerLink | undefined;
    this.#admission.hold(worker, 1);
    socket.once("close", () => this.#admission.hold(worker, -1));
    const refuse = (refused: Refused): void => {
      log.warn("worker refused", { worker: worker.id, ...refused });
      void channel.send({ type: "refused", ...refused });
      channel.close(refused.refusal);
    };
    const timer = setTimeout(
      () => refuse({ refusal: "no-hello", message: "no hello in time" }),
      this.#options.timings.helloMs,
    );
    const channel = new Channel<WorkerMessage>(socket, clock, {
      decode: decodeWorkerMessage,
      onMessage: (message, payload) => {
        if (link !== undefined) {
          link.onMessage(message, payload);
          return;
        }
        if (message.type !== "hello") throw breach("expected a hello");
        clearTimeout(timer);
        const refused = this.#judge(message);
        if (refused === undefined) link = this.#welcome(channel, message, worker);
        else refuse(refused);
      },
      onClosed: (reason) => {
        clearTimeout(timer);
        if (link === undefined) return;
        this.#links.delete(link);
        this.#remoteLinks.delete(link);
        link.onClosed(reason);
        this.#modules.onGone(link, reason);
      },
    });
  }

  #judge({ version, engine }: Hello): Refused | undefined {
    if (version !== PROTOCOL_VERSION) {
      const message = `this node speaks worker protocol ${PROTOCOL_VERSION}, the worker ${version}; install the same release on both`;
      return { refusal: "version", message };
    }
    const { engineHash } = this.#options;
    if (engine !== engineHash) {
      const message = `the node's engine is ${engineHash.slice(0, 16)}, the worker's ${engine.slice(0, 16)}; install the same release on both`;
      return { refusal: "engine", message };
    }
    return undefined;
  }

  #welcome(
    channel: Channel<WorkerMessage>,
    { threads, platform }: Hello,
    { token, ...worker }: Admitted,
  ): WorkerLink {
    const { clock, log, onLink } = this.#modules;
    const { timings } = this.#options;
    const { id, kind } = worker;
    const link = new WorkerLink({ ...worker, threads, platform }, channel, {
      timings,
      monotonic: () => clock.monotonic(),
    });
    void channel.send({
      type: "welcome",
      version: PROTOCOL_VERSION,
      worker: id,
      heartbeatMs: timings.heartbeatMs,
      silenceMs: timings.nodeSilenceMs,
    });
    this.#links.add(link);
    if (kind === "remote") {
      const end = (): void => channel.terminate("its token was replaced");
      const isCurrent = (workerToken: string): boolean =>
        holderOf(token, workerToken) !== undefined;
      this.#remoteLinks.set(link, { isCurrent, end });
    }
    log.info("worker linked", { worker: id, threads, platform });
    onLink(link);
    return link;
  }

  async #endReplaced(): Promise<void> {
    if (this.#remoteLinks.size === 0) return;
    await this.#options.remoteToken?.refresh();
    const current = this.#options.remoteToken?.current;
    for (const { isCurrent, end } of [...this.#remoteLinks.values()]) {
      if (current === undefined || !isCurrent(current)) end();
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#modules.clock.sleep(this.#options.timings.heartbeatMs, signal).catch(() => {});
      // After a pause of this process, messages that have arrived meanwhile are read before any worker is judged.
      await breathe();
      await this.#endReplaced();
      if (signal.aborted) return;
      for (const link of this.#links) link.heartbeat();
    }
  }
}

interface RemoteLink {
  /** Whether its token is still valid. */
  isCurrent(workerToken: string): boolean;
  end(): void;
}

function refuseUpgrade(socket: Duplex, status: string, detail: string): void {
  const body = JSON.stringify({
    title: status.slice(4),
    status: Number(status.slice(0, 3)),
    detail,
  });
  socket.end(
    [
      `HTTP/1.1 ${status}`,
      "Connection: close",
      "Content-Type: application/problem+json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}
