/**
 * The node's workers as one thing that runs tasks: queues them while all are busy, repeats a task
 * whose worker died on another one, and keeps the deadline of each.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { TrackRun, TrackRunResult } from "../../ml/track/run.ts";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import type { WorkerStatus } from "../services.ts";
import {
  type Assignment,
  BaselineLane,
  evaluateAssignment,
  replayAssignment,
  retrainAssignment,
  trainAssignment,
} from "./assignment.ts";
import { LinkServer } from "./link-server.ts";
import {
  forkWorker,
  LocalWorkers,
  RESTART_TIMINGS,
  type RestartTimings,
  type SpawnWorker,
} from "./local-workers.ts";
import type { TaskKind } from "./protocol.ts";
import type {
  BaselineControl,
  BaselineTask,
  BaselineTaskResult,
  EvaluateTask,
  EvaluateTaskResult,
  ReplayTask,
  RetrainTask,
  RetrainTaskResult,
  TaskControl,
  TrainControl,
  TrainTask,
  TrainTaskResult,
  Workers,
} from "./tasks.ts";
import { trackAssignment } from "./track-assignment.ts";
import { WorkerError, type WorkerFacts } from "./worker-error.ts";
import { LINK_TIMINGS, type LinkTimings, type RunControl, type WorkerLink } from "./worker-link.ts";
import { WorkerQueue } from "./worker-queue.ts";
import type { WorkerToken } from "./worker-token.ts";

/** A task is given to at most so many workers. */
const MAX_ATTEMPTS = 3;
/** Longest timer of the runtime. */
const MAX_SLEEP_MS = 2 ** 31 - 1;
const MAX_REMOTE_WORKERS = 256;

export interface WorkerPoolOptions {
  /** Worker processes on this machine; 0 = remote ones only. */
  readonly localWorkers: number;
  /** SHA-256 of the exact engine's kernels, hex. */
  readonly engineHash: string;
  /** What remote workers must present; undefined = no remote workers. */
  readonly remoteToken?: WorkerToken | undefined;
  readonly linkTimings?: Partial<LinkTimings>;
  readonly restartTimings?: Partial<RestartTimings>;
}

export interface WorkerPoolModules {
  readonly log: Log;
  readonly clock: Clock;
  /** Default: a child process of this runtime. */
  readonly spawn?: SpawnWorker;
}

export class WorkerPool implements Workers {
  readonly #options: WorkerPoolOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #server: LinkServer;
  readonly #local: LocalWorkers;
  readonly #queue = new WorkerQueue();
  readonly #stop = new AbortController();

  constructor(options: WorkerPoolOptions, { log, clock, spawn = forkWorker }: WorkerPoolModules) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    this.#server = new LinkServer(
      {
        engineHash: options.engineHash,
        remoteToken: options.remoteToken,
        maxLinks: options.localWorkers + MAX_REMOTE_WORKERS,
        timings: { ...LINK_TIMINGS, ...options.linkTimings },
      },
      {
        clock,
        log,
        onLink: (link) => this.#onLink(link),
        onGone: (link, reason) => this.#onGone(link, reason),
      },
    );
    this.#local = new LocalWorkers(
      { ...RESTART_TIMINGS, ...options.restartTimings },
      { clock, log, spawn, expect: (id, token) => this.#server.expectLocal(id, token) },
    );
  }

  /** Opens the loopback door and starts the local workers; does not wait for them to link. */
  async start(): Promise<void> {
    const url = await this.#server.start();
    this.#local.start(this.#options.localWorkers, url);
  }

  /** Fails every task under way with STOPPED, then ends the workers. */
  async stop(): Promise<void> {
    this.#stop.abort(
      new WorkerError("the worker pool is stopping", { code: "STOPPED" }, { action: "local" }),
    );
    await this.#local.stop();
    await this.#server.stop();
  }

  /** For the API's server: upgrade requests to WORKERS_PATH of protocol.ts. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head);
  }

  status(): WorkerStatus[] {
    const linked = this.#queue.links.map((link) => link.status());
    const present = new Set(linked.map(({ id }) => id));
    const starting = this.#local
      .ids()
      .filter((id) => !present.has(id))
      .map((id): WorkerStatus => ({ id, kind: "local", state: "starting", task: undefined }));
    return [...linked, ...starting].sort((a, b) => a.id.localeCompare(b.id));
  }

  /** Process id of a local worker, for measuring its memory. */
  pid(id: string): number | undefined {
    return this.#local.pid(id);
  }

  train(task: TrainTask, control: TrainControl): Promise<TrainTaskResult> {
    return this.#run("train", () => trainAssignment(task, control), control);
  }

  retrain(task: RetrainTask, control: TaskControl): Promise<RetrainTaskResult> {
    return this.#run("retrain", () => retrainAssignment(task), control);
  }

  evaluate(task: EvaluateTask, control: TaskControl): Promise<EvaluateTaskResult> {
    return this.#run("evaluate", () => evaluateAssignment(task), control);
  }

  /** Goes to the head of the queue: a window does not wait. */
  async baseline(task: BaselineTask, control: BaselineControl): Promise<BaselineTaskResult> {
    const lane = new BaselineLane(task, control);
    const { until } = control;
    try {
      return await this.#run("baseline", () => lane.attempt(), { ...control, end: until });
    } catch (error) {
      // Over while it waited for a worker, or for one to take the place of a dead one.
      if (until.aborted && isCode(error, "NO_WORKER", "ATTEMPTS")) return lane.result();
      throw error;
    }
  }

  replay(task: ReplayTask, control: TaskControl): Promise<Uint8Array> {
    return this.#run("replay", () => replayAssignment(task), control);
  }

  track(run: TrackRun, control: TaskControl): Promise<TrackRunResult> {
    return this.#run("track", () => trackAssignment(run), control);
  }

  async #run<T>(
    kind: TaskKind,
    attempt: () => Assignment<T>,
    control: TaskControl & Pick<RunControl, "end">,
  ): Promise<T> {
    const over = new AbortController();
    const { deadlineMs } = control;
    const given = control.signal === undefined ? [] : [control.signal];
    const signal = AbortSignal.any([over.signal, this.#stop.signal, ...given]);
    void this.#clock.sleep(Math.min(deadlineMs, MAX_SLEEP_MS), over.signal).then(
      () => over.abort(pastDeadline(kind, deadlineMs)),
      () => {},
    );
    try {
      return await this.#attempt(kind, attempt, { ...control, signal });
    } finally {
      over.abort();
    }
  }

  async #attempt<T>(kind: TaskKind, attempt: () => Assignment<T>, control: RunControl): Promise<T> {
    const urgent = kind === "baseline" || kind === "replay";
    const { signal, end } = control;
    for (let attempts = 1; ; attempts++) {
      const assignment = attempt();
      try {
        return await this.#queue.use({ signal, end, urgent }, (link) =>
          link.run(assignment, control),
        );
      } catch (error) {
        if (!isCode(error, "LINK_LOST")) throw error;
        this.#log.warn("a task lost its worker", { kind, attempts, reason: error.message });
        if (attempts === MAX_ATTEMPTS) throw outOfAttempts(kind, attempts, error);
      }
    }
  }

  #onLink(link: WorkerLink): void {
    this.#local.onLinked(link.identity.id);
    this.#queue.add(link);
  }

  #onGone(link: WorkerLink, reason: string): void {
    const worker = link.identity.id;
    this.#queue.remove(link);
    if (this.#stop.signal.aborted) return;
    this.#log.warn("worker gone", { worker, reason });
    this.#local.onGone(worker);
  }
}

function isCode(error: unknown, ...codes: WorkerFacts["code"][]): error is WorkerError {
  return error instanceof WorkerError && codes.includes(error.code);
}

function pastDeadline(kind: TaskKind, deadlineMs: number): WorkerError {
  return new WorkerError(
    `${kind} did not end within ${deadlineMs} ms`,
    { code: "DEADLINE", kind, deadlineMs },
    { action: "local", remedy: "add workers, or give the task more time" },
  );
}

function outOfAttempts(kind: TaskKind, attempts: number, cause: unknown): WorkerError {
  return new WorkerError(
    `${kind} lost its worker ${attempts} times`,
    { code: "ATTEMPTS", kind, attempts },
    { action: "local", cause, remedy: "look for worker processes killed for lack of memory" },
  );
}
