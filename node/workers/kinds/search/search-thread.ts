/**
 * The thread of a worker process in which search algorithms run. A module may come from a stranger and may never
 * return. The process keeps listening to its node, and ends the thread when one call takes too long.
 */
import { Worker } from "node:worker_threads";
import type { CoreMeter } from "../../../../ml/baseline/core-share.ts";
import { AlgorithmError } from "../../../../ml/search/algorithm-error.ts";
import type { Clock } from "../../../clock.ts";
import type { TaskInput } from "../inputs.ts";
import {
  SharedState,
  type ThreadMessage,
  type ThreadNews,
  type ThreadOrder,
  type ThreadWork,
} from "./thread-messages.ts";

export interface ThreadLimits {
  /** The limit of processor time for checking and trying a module. */
  readonly openCpuMs: number;
  /** The limit for one call, which should take 1 ms. */
  readonly callCpuMs: number;
  /** The limit for a call that is running when the work is stopped. */
  readonly stopCpuMs: number;
}

export const THREAD_LIMITS: ThreadLimits = {
  openCpuMs: 20_000,
  callCpuMs: 10_000,
  stopCpuMs: 2_000,
};

const WATCH_MS = 500;
const IDLE_MS = 60_000;
const HEAP_MIB = 64;

export interface ThreadModules {
  readonly clock: Clock;
  /** Processor time of this process. */
  readonly meter: CoreMeter;
  readonly limits?: ThreadLimits;
  /** Of the thread; default: as of the one that starts it. */
  readonly niceness?: number | undefined;
}

/** What the thread starts with. */
export interface ThreadStart {
  readonly memory: SharedArrayBuffer;
  readonly niceness: number | undefined;
}

export interface ThreadControl {
  /** Fires when the work is abandoned. */
  readonly signal: AbortSignal;
  /** Fires when the work must end with what is done. */
  readonly end: AbortSignal;
  readonly onHashes: (hashes: number) => void;
  readonly onNews: (news: ThreadNews) => void;
}

export class SearchThread {
  readonly #modules: ThreadModules & { readonly limits: ThreadLimits };
  readonly #shared = new SharedState();
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor({ limits = THREAD_LIMITS, ...modules }: ThreadModules) {
    this.#modules = { ...modules, limits };
  }

  /**
   * Call it again only when the last work has ended.
   * @returns nonces hashed
   * @throws AlgorithmError; the signal's reason
   */
  async run(
    { hash, bytes: module }: TaskInput,
    work: ThreadWork,
    control: ThreadControl,
  ): Promise<number> {
    clearTimeout(this.#idle);
    control.signal.throwIfAborted();
    this.#shared.reset();
    const thread = this.#thread ?? this.#start();
    try {
      await this.#carryOut(thread, { hash, module, work }, control);
    } finally {
      this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
    control.signal.throwIfAborted();
    const { hashes } = this.#shared;
    control.onHashes(hashes);
    return hashes;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #start(): Worker {
    const workerData: ThreadStart = {
      memory: this.#shared.memory,
      niceness: this.#modules.niceness,
    };
    const thread = new Worker(new URL("./thread-main.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    thread.unref();
    // The thread died without work; with work, its caller gets the error, too.
    thread.on("error", () => {});
    thread.once("exit", () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    this.#thread = thread;
    return thread;
  }

  #carryOut(thread: Worker, order: ThreadOrder, control: ThreadControl): Promise<void> {
    const { signal, end, onNews } = control;
    const over = new AbortController();
    return new Promise<void>((resolve, reject) => {
      const settle = (then: () => void): void => {
        over.abort();
        thread.off("message", onMessage).off("error", onError).off("exit", onExit);
        signal.removeEventListener("abort", onStop);
        end.removeEventListener("abort", onStop);
        then();
      };
      const onMessage = (message: ThreadMessage): void => {
        if (message.kind === "over") settle(resolve);
        else if (message.kind === "refused") {
          settle(() => reject(new AlgorithmError(message.message, message.facts)));
        } else if (message.kind === "broken") settle(() => reject(new Error(message.message)));
        else onNews(message);
      };
      const onError = (error: Error): void => settle(() => reject(outOf(error)));
      const onExit = (): void => settle(() => reject(new Error("the thread that searches ended")));
      const onStop = (): void => this.#shared.stop();
      thread.on("message", onMessage).on("error", onError).on("exit", onExit);
      signal.addEventListener("abort", onStop, { once: true });
      end.addEventListener("abort", onStop, { once: true });
      if (end.aborted) onStop();
      thread.postMessage(order);
      void this.#watch(control, over.signal).then((cpuMs) => {
        if (cpuMs === undefined) return;
        // The state of the thread is unknown after this, so it is replaced.
        void this.close();
        if (this.#shared.isStopped) settle(resolve);
        else settle(() => reject(endless(cpuMs)));
      });
    });
  }

  /** @returns the limit that a call or the check of the module has exceeded; undefined when the work is over */
  async #watch({ onHashes }: ThreadControl, over: AbortSignal): Promise<number | undefined> {
    const { clock, meter, limits } = this.#modules;
    const shared = this.#shared;
    let seen = { calls: 0, isStopped: false, cpuMs: meter.cpu() };
    for (;;) {
      await clock.sleep(WATCH_MS, over).catch(() => {});
      if (over.aborted) return undefined;
      const { calls, isStopped, hashes } = shared;
      const cpuMs = meter.cpu();
      if (calls !== seen.calls || isStopped !== seen.isStopped) {
        seen = { calls, isStopped, cpuMs };
        onHashes(hashes);
        continue;
      }
      const { openCpuMs, callCpuMs, stopCpuMs } = limits;
      const working = calls === 0 ? openCpuMs : callCpuMs;
      const limit = isStopped ? stopCpuMs : working;
      if (cpuMs - seen.cpuMs > limit) return limit;
    }
  }
}

function endless(limit: number): AlgorithmError {
  return new AlgorithmError(
    `the module was stopped: one call took more than ${limit / 1000} s of processor time`,
    { code: "ALGORITHM_ENDLESS", what: "cpu", limit },
    { remedy: "look for a loop without end; a hash may take some milliseconds at most" },
  );
}

/** The error for a thread that died. */
function outOf(error: Error & { code?: string }): Error {
  if (error.code !== "ERR_WORKER_OUT_OF_MEMORY") return error;
  return new AlgorithmError(
    `the module was stopped: it took more than ${HEAP_MIB} MiB beside its own memory`,
    { code: "ALGORITHM_ENDLESS", what: "memory", limit: HEAP_MIB * 1024 * 1024 },
    { cause: error },
  );
}
