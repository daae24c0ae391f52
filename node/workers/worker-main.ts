/**
 * The worker program: it connects to its node, works, and connects again when the link breaks. `poml worker` and the
 * local child processes both run it.
 */
import type { IncomingMessage } from "node:http";
import { arch, platform } from "node:os";
import { WebSocket } from "ws";
import type { CoreMeter } from "../../ml/baseline/core-share.ts";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import { lowerPriority } from "../lower-priority.ts";
import { BlobCache } from "./blob-cache.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { SearchThread, THREAD_LIMITS, type ThreadLimits } from "./kinds/search/search-thread.ts";
import { WORKERS_PATH } from "./protocol.ts";
import { TrainerCache } from "./trainer-cache.ts";
import { WorkerError } from "./worker-error.ts";
import { type SessionModules, WorkerSession } from "./worker-session.ts";

const HANDSHAKE_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
const CACHE_BYTES = 64 * 1024 * 1024;
const LOWEST_PRIORITY = 19;
/**
 * Niceness of the thread that listens to the node, while it does nothing else, on systems whose threads have priorities
 * of their own. The message that a search is over must not wait behind all the threads that search.
 */
const LINK_NICENESS = 10;
const MAX_ANSWER_CHARACTERS = 4096;

export interface WorkerOptions {
  /** `ws://host:port`, or with the whole path. */
  readonly url: string;
  readonly token: string;
  /** The number of threads that it offers to the node. */
  readonly threads: number;
  /** Connect again after a loss, with growing pauses; default true. Otherwise a loss ends the worker. */
  readonly reconnect?: boolean;
  /** Niceness of all work; default 19, the lowest priority: a worker uses only the time that no other program needs. */
  readonly niceness?: number;
}

export interface WorkerModules {
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: CoreMeter;
  /** Ends the worker. */
  readonly signal: AbortSignal;
  /** Called when the node has accepted this worker, with its name. */
  readonly onLinked?: (name: string) => void;
  /** For search algorithms; default: those of every worker. */
  readonly searchLimits?: ThreadLimits;
  /** Called after every task that kept this thread busy, to free memory. */
  readonly afterTask?: () => void;
}

/**
 * Resolves when the signal is aborted, or the link is lost for good.
 * @throws WorkerError BAD_URL; REFUSED: wrong token, or another release; UNREACHABLE without `reconnect`
 */
export async function runWorker(
  { url, token, threads, reconnect = true, niceness = LOWEST_PRIORITY }: WorkerOptions,
  { signal, searchLimits = THREAD_LIMITS, ...given }: WorkerModules,
): Promise<void> {
  const { log, clock } = given;
  const hasThreadPriorities = platform() === "linux";
  lowerPriority(hasThreadPriorities ? Math.min(niceness, LINK_NICENESS) : niceness);
  const modules: SessionModules = {
    ...given,
    cache: new BlobCache(CACHE_BYTES),
    trainers: new TrainerCache(log),
    searches: new SearchThread({ ...given, limits: searchLimits, niceness }),
    // This is final: only a privileged process could raise its priority again.
    beforeTask: () => lowerPriority(niceness),
  };
  const identity = { engineHash: ENGINE_HASH, threads, platform: `${platform()}-${arch()}` };
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const session = new WorkerSession(await connect(url, token, signal), identity, modules);
      pauseMs = FIRST_PAUSE_MS;
      const leave = (): void => session.close("the worker is stopping");
      signal.addEventListener("abort", leave);
      const reason = await session.closed.finally(() => signal.removeEventListener("abort", leave));
      if (signal.aborted) return;
      log.warn("link to the node lost", { reason });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof WorkerError) || error.code !== "UNREACHABLE") throw error;
      if (!reconnect) throw error;
      log.warn("node not reached", { reason: error.message, retryMs: pauseMs });
    }
    if (!reconnect) return;
    await clock.sleep(pauseMs, signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

/** @throws WorkerError REFUSED, UNREACHABLE */
function connect(url: string, token: string, signal: AbortSignal): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(linkUrl(url), {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    const leave = (): void => socket.terminate();
    signal.addEventListener("abort", leave);
    socket.once("close", () => signal.removeEventListener("abort", leave));
    socket.once("unexpected-response", (request, response) => {
      readAnswer(response).then((detail) => {
        request.destroy();
        reject(refusalOf(response.statusCode ?? 0, detail));
      }, reject);
    });
    socket.on("error", (error) => reject(unreachable(error.message)));
    socket.once("open", () => resolve(socket));
  });
}

/** @throws WorkerError BAD_URL */
function linkUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["ws:", "wss:"].includes(url.protocol)) {
    const facts = { code: "BAD_URL", url: text } as const;
    const remedy = "give it as ws://host:port or wss://host:port";
    throw new WorkerError(`connect: ${text} is not a WebSocket URL`, facts, { remedy });
  }
  if (url.pathname === "/") url.pathname = WORKERS_PATH;
  return url;
}

/** The node's reason, in the form of RFC 9457. */
async function readAnswer(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_ANSWER_CHARACTERS) break;
  }
  const detail = /"detail":"([^"\\]*)"/.exec(text)?.[1];
  return detail ?? "no reason given";
}

/** A wrong token or path stays wrong; any other cause may pass. */
function refusalOf(status: number, detail: string): WorkerError {
  const refusal = status === 404 ? "path" : "token";
  if (![401, 403, 404].includes(status)) return unreachable(`HTTP ${status}: ${detail}`);
  return new WorkerError(
    `the node refuses this worker: ${detail}`,
    { code: "REFUSED", refusal },
    { action: "local", remedy: "check the address and the worker token of the node" },
  );
}

function unreachable(reason: string): WorkerError {
  const facts = { code: "UNREACHABLE", reason } as const;
  return new WorkerError(`the node cannot be reached: ${reason}`, facts, { action: "local" });
}
