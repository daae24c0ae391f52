/**
 * A process beside the node for work that must not run on its consensus thread. It reads files from strangers within
 * limits of time, processor and memory, and can be killed without losing anything else. It does one task at a time; it
 * is started when there is a task, and ends after some time without one.
 */
import { type ChildProcess, fork } from "node:child_process";
import type { Log } from "../../p2p/log.ts";
import type { Turn } from "../fair-line.ts";
import { FairTurns } from "../fair-turns.ts";
import { failed, type HelperError, lost, overLimit, stopped } from "./helper-error.ts";
import type { HelperReply, HelperRequest } from "./helper-messages.ts";
import { processUse } from "./process-use.ts";

export interface HelperLimits {
  /** From the start of the task, including its wait for the processor. */
  readonly timeMs: number;
  /** Processor time of this task; if the system does not report it, only `timeMs` limits it. */
  readonly cpuMs: number;
  /** Resident memory of the process. */
  readonly memoryBytes: number;
}

/** Starts one process with an IPC channel that clones structures. */
export type SpawnHelper = (heapMib: number) => ChildProcess;

export interface HelperModules {
  readonly log: Log;
  readonly spawn: SpawnHelper;
  /** Default: what the system reports about the process. */
  readonly use?: typeof processUse;
}

const HEAP_MIB = 512;
const CHECK_MS = 200;
/** On a busy machine the start of the runtime alone can take a minute. */
const START_MS = 180_000;
const IDLE_MS = 60_000;

export interface HelperCall {
  readonly signal: AbortSignal;
  /** The turn in which the task waits. */
  readonly turn: Turn;
}

/** The input and the result of one kind of task. */
interface TaskForm {
  readonly task: unknown;
  readonly result: unknown;
}

/** A helper from the view of code that has one kind of task for it. */
export interface HelperFor<K extends string, Task, Result> {
  /** @throws HelperError; the signal's reason */
  run(kind: K, task: Task, limits: HelperLimits, call: HelperCall): Promise<Result>;
}

/** @template Tasks the kinds of task that the process knows */
export class Helper<Tasks extends { readonly [K in keyof Tasks]: TaskForm }> {
  readonly #modules: Required<HelperModules>;
  readonly #turns = new FairTurns(1);
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor({ log, spawn, use = processUse }: HelperModules) {
    this.#modules = { log, spawn, use };
  }

  /**
   * Waiting callers take turns: first the groups, and within each group its members; for example jobs, and the nodes
   * that asked in them.
   * @throws HelperError HELPER_LIMIT, HELPER_LOST, HELPER_FAILED, HELPER_STOPPED; the signal's reason
   */
  run<K extends keyof Tasks & string>(
    kind: K,
    task: Tasks[K]["task"],
    limits: HelperLimits,
    { signal, turn }: HelperCall,
  ): Promise<Tasks[K]["result"]> {
    return this.#turns.use(turn, signal, async () => {
      signal.throwIfAborted();
      if (this.#isStopped) throw stopped();
      clearTimeout(this.#idle);
      try {
        return await this.#carryOut(kind, task, limits, signal);
      } finally {
        this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
      }
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#idle);
    this.#end();
    await this.#turns.idle();
  }

  /** The id of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  #start(): ChildProcess {
    const child = this.#modules.spawn(HEAP_MIB);
    // Errors between tasks, such as those of a process that was killed.
    child.on("error", (error) => this.#modules.log.debug("helper", { reason: error.message }));
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    return child;
  }

  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
  }

  async #carryOut<K extends keyof Tasks & string>(
    kind: K,
    task: Tasks[K]["task"],
    limits: HelperLimits,
    signal: AbortSignal,
  ): Promise<Tasks[K]["result"]> {
    const child = this.#child ?? this.#start();
    const watch = new Watch(kind, limits, () => this.#modules.use(child.pid));
    try {
      const reply = await exchange(child, { kind, task }, watch, signal);
      if (reply.kind === "done") return reply.result as Tasks[K]["result"];
      throw failed(kind, reply.code, reply.message);
    } catch (error) {
      // Unless it has answered, its state is unknown.
      if (!(error as Partial<HelperError>).code?.startsWith("HELPER_FAILED")) this.#end();
      throw error;
    } finally {
      watch.stop();
    }
  }
}

type Answer = Exclude<HelperReply, { kind: "started" }>;

function exchange(
  child: ChildProcess,
  request: HelperRequest,
  watch: Watch,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const onReply = (reply: HelperReply): void => {
      if (reply.kind === "started") watch.begin();
      else settle(() => resolve(reply));
    };
    const onExit = (code: number | null, by: string | null): void =>
      settle(() => reject(lost(request.kind, by ?? `exit code ${code}`)));
    const onError = (error: Error): void => settle(() => reject(lost(request.kind, error.message)));
    const onAbort = (): void => settle(() => reject(signal.reason));
    const settle = (then: () => void): void => {
      child.off("message", onReply);
      child.off("exit", onExit);
      child.off("error", onError);
      signal.removeEventListener("abort", onAbort);
      then();
    };
    child.on("message", onReply);
    child.on("exit", onExit);
    child.on("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    watch.onOver = (error) => settle(() => reject(error));
    child.send(request, (error) => {
      if (error !== null) onError(error);
    });
  });
}

/** Watches the process while a task runs. */
class Watch {
  onOver: (error: HelperError) => void = () => {};
  readonly #kind: string;
  readonly #limits: HelperLimits;
  readonly #use: () => ReturnType<typeof processUse>;
  #deadline: NodeJS.Timeout;
  #look: NodeJS.Timeout | undefined;

  constructor(kind: string, limits: HelperLimits, use: () => ReturnType<typeof processUse>) {
    this.#kind = kind;
    this.#limits = limits;
    this.#use = use;
    this.#deadline = setTimeout(() => this.onOver(lost(kind, "it did not start")), START_MS);
  }

  /** The task begins: earlier use of the process does not count. */
  begin(): void {
    const { timeMs, cpuMs, memoryBytes } = this.#limits;
    clearTimeout(this.#deadline);
    const over = (what: "time" | "cpu" | "memory", limit: number): void =>
      this.onOver(overLimit(this.#kind, what, limit));
    this.#deadline = setTimeout(() => over("time", timeMs), timeMs);
    let start: number | undefined;
    this.#look = setInterval(() => {
      void this.#use().then((use) => {
        // It has ended, or the system does not report this.
        if (use.residentBytes === 0) return;
        start ??= use.cpuMs;
        if (use.residentBytes > memoryBytes) over("memory", memoryBytes);
        else if (use.cpuMs - start > cpuMs) over("cpu", cpuMs);
      });
    }, CHECK_MS);
  }

  stop(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#look);
    this.onOver = () => {};
  }
}

/**
 * Starts a program with this same runtime; its standard error goes to ours.
 * @param entry its path
 */
export function forkHelper(entry: string, heapMib: number): ChildProcess {
  return fork(entry, [], {
    execArgv: [
      `--max-old-space-size=${heapMib}`,
      "--max-semi-space-size=4",
      "--expose-gc",
      "--disable-warning=ExperimentalWarning",
    ],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
