/**
 * The worker processes of this machine: starts them, restarts them with growing pauses when they end, and ends them
 * with the node. They connect in the same way as any other worker.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import { type ChildOrders, relayLine } from "./child-messages.ts";

/** Starts one worker process with an IPC channel to this one. */
export type SpawnWorker = () => ChildProcess;

export interface RestartTimings {
  /** Pause before the first restart; doubles up to `maxPauseMs`. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  /** A child that ran for so long is restarted with the first pause. */
  readonly calmMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly killMs: number;
  /** A child that has not connected by then is killed. */
  readonly linkMs: number;
}

export const RESTART_TIMINGS: RestartTimings = {
  pauseMs: 500,
  maxPauseMs: 30_000,
  calmMs: 60_000,
  killMs: 5_000,
  // On a busy machine the start of the runtime alone can take a minute.
  linkMs: 180_000,
};

export interface LocalWorkersModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly spawn: SpawnWorker;
  /** Announces the single-use token of a child that is about to connect. */
  readonly expect: (id: string, token: string) => void;
}

interface Slot {
  readonly id: string;
  child: ChildProcess | undefined;
  linked: boolean;
}

export class LocalWorkers {
  readonly #timings: RestartTimings;
  readonly #modules: LocalWorkersModules;
  readonly #stop = new AbortController();
  readonly #slots = new Map<string, Slot>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(timings: RestartTimings, modules: LocalWorkersModules) {
    this.#timings = timings;
    this.#modules = modules;
  }

  /** @param url where the children connect */
  start(count: number, url: string): void {
    const loops = Array.from({ length: count }, (_, i) => {
      const slot: Slot = { id: `local-${i + 1}`, child: undefined, linked: false };
      this.#slots.set(slot.id, slot);
      return this.#keepAlive(slot, url);
    });
    this.#running = Promise.all(loops);
  }

  /** Resolves when every child has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  ids(): string[] {
    return [...this.#slots.keys()];
  }

  pid(id: string): number | undefined {
    return this.#slots.get(id)?.child?.pid;
  }

  onLinked(id: string): void {
    const slot = this.#slots.get(id);
    if (slot !== undefined) slot.linked = true;
  }

  /** A local worker without a link is useless, so its process is replaced. */
  onGone(id: string): void {
    this.#slots.get(id)?.child?.kill("SIGKILL");
  }

  async #keepAlive(slot: Slot, url: string): Promise<void> {
    const { clock, log } = this.#modules;
    const { signal } = this.#stop;
    let pauseMs = this.#timings.pauseMs;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      const reason = await this.#live(slot, url).catch(String);
      if (signal.aborted) return;
      if (clock.monotonic() - startedAt >= this.#timings.calmMs) pauseMs = this.#timings.pauseMs;
      log.warn("local worker ended; starting it again", { worker: slot.id, reason, pauseMs });
      await clock.sleep(pauseMs, signal).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, this.#timings.maxPauseMs);
    }
  }

  /** One process from start to end. @returns how it ended */
  async #live(slot: Slot, url: string): Promise<string> {
    const { clock, log, spawn, expect } = this.#modules;
    const token = randomBytes(24).toString("base64url");
    expect(slot.id, token);
    slot.linked = false;
    const child = spawn();
    slot.child = child;
    const over = new AbortController();
    const ended = endOf(child);
    child.on("error", (error) =>
      log.warn("worker process", { worker: slot.id, error: error.message }),
    );
    child.on("message", (line) => relayLine(log, slot.id, line));
    child.send({ url, token, threads: 1 } satisfies ChildOrders, () => {});
    void this.#killUnlinked(slot, child, over.signal);
    const terminate = (): void => {
      child.kill("SIGTERM");
      void clock.sleep(this.#timings.killMs, over.signal).then(
        () => child.kill("SIGKILL"),
        () => {},
      );
    };
    this.#stop.signal.addEventListener("abort", terminate);
    try {
      return await ended;
    } finally {
      this.#stop.signal.removeEventListener("abort", terminate);
      over.abort();
      slot.child = undefined;
    }
  }

  async #killUnlinked(slot: Slot, child: ChildProcess, signal: AbortSignal): Promise<void> {
    try {
      await this.#modules.clock.sleep(this.#timings.linkMs, signal);
    } catch {
      return;
    }
    if (slot.child === child && !slot.linked) child.kill("SIGKILL");
  }
}

/**
 * These flags keep a worker near 110 MB instead of 150: a small young heap, one helper thread, and garbage collection
 * after each task. The runtime's own TypeScript loader is WebAssembly too, and optimising it would cost 14 MB; the
 * kernels exceed this budget within their first second.
 */
const RUNTIME_FLAGS = [
  "--max-semi-space-size=1",
  "--v8-pool-size=1",
  "--expose-gc",
  "--wasm-tiering-budget=100000000",
];

/**
 * Starts worker-process.ts with this same runtime; its standard error goes to ours.
 * @param flags of the runtime, beside those of every worker
 */
export function forkWorker(flags: readonly string[] = []): ChildProcess {
  const entry = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
  return fork(entry, [], {
    execArgv: [...RUNTIME_FLAGS, ...flags],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** Other errors of a child (a message that cannot be sent) do not mean that it has ended. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
    child.on("error", (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
}
