/** The node's workers as one object that runs tasks: processes on this machine and remote workers. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { UnitResult } from "../../ml/search/search-units.ts";
import type { TrackRun, TrackRunResult } from "../../ml/track/run.ts";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import type { BaselineControl, BaselineTask, BaselineTaskResult } from "./kinds/baseline/task.ts";
import type { ClaimsTask, WeighedClaims } from "./kinds/claims/task.ts";
import type { DigestsTask } from "./kinds/digests/task.ts";
import type { EvaluateTask, EvaluateTaskResult } from "./kinds/evaluate/task.ts";
import { type ControlOf, KINDS, type ResultOf, type TaskKind, type TaskOf } from "./kinds/kinds.ts";
import type { ReplayTask } from "./kinds/replay/task.ts";
import type { RetrainTask, RetrainTaskResult } from "./kinds/retrain/task.ts";
import type {
  ReplayControl,
  SearchControl,
  SearchUnitsResult,
  SearchUnitsTask,
} from "./kinds/search/task.ts";
import { type Draw, drawAtRandom } from "./kinds/spot-check.ts";
import type { TrainControl, TrainTask, TrainTaskResult } from "./kinds/train/task.ts";
import type { Pool } from "./kinds/work.ts";
import { LinkServer } from "./link-server.ts";
import {
  forkWorker,
  LocalWorkers,
  RESTART_TIMINGS,
  type RestartTimings,
  type SpawnWorker,
} from "./local-workers.ts";
import type { TaskControl } from "./task-control.ts";
import { TaskScheduler } from "./task-scheduler.ts";
import { WorkerError } from "./worker-error.ts";
import { LINK_TIMINGS, type LinkTimings, type WorkerLink } from "./worker-link.ts";
import { WorkerQueue } from "./worker-queue.ts";
import type { WorkerStatus } from "./worker-status.ts";
import type { WorkerToken } from "./worker-token.ts";
import type { Workers } from "./workers.ts";

const MAX_REMOTE_WORKERS = 256;

export interface WorkerPoolOptions {
  /** Worker processes on this machine; 0 = remote ones only. */
  readonly localWorkers: number;
  /** SHA-256 of the exact engine's kernels, hex. */
  readonly engineHash: string;
  /** The token that remote workers must present; undefined = no remote workers. */
  readonly remoteToken?: WorkerToken | undefined;
  readonly linkTimings?: Partial<LinkTimings>;
  readonly restartTimings?: Partial<RestartTimings>;
}

export interface WorkerPoolModules {
  readonly log: Log;
  readonly clock: Clock;
  /** Default: a child process of this runtime. */
  readonly spawn?: SpawnWorker;
  /** Which parts of remote results are repeated; default: random ones. */
  readonly draw?: Draw;
}

export class WorkerPool implements Workers {
  readonly #options: WorkerPoolOptions;
  readonly #log: Log;
  readonly #server: LinkServer;
  readonly #local: LocalWorkers;
  readonly #queue = new WorkerQueue();
  readonly #stop = new AbortController();
  readonly #scheduler: TaskScheduler;

  constructor(
    options: WorkerPoolOptions,
    { log, clock, spawn = forkWorker, draw = drawAtRandom }: WorkerPoolModules,
  ) {
    this.#options = options;
    this.#log = log;
    this.#scheduler = new TaskScheduler({
      log,
      clock,
      draw,
      queue: this.#queue,
      stop: this.#stop.signal,
      hasLocal: options.localWorkers > 0,
    });
    this.#server = new LinkServer(
      {
        engineHash: options.engineHash,
        remoteToken: options.remoteToken,
        maxLinks: MAX_REMOTE_WORKERS,
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

  /** Opens the loopback port and starts the local workers; does not wait until they are connected. */
  async start(): Promise<void> {
    if (this.#options.localWorkers === 0 && this.#options.remoteToken !== undefined) {
      this.#log.warn("what remote workers send is not checked: no worker runs on this machine", {
        remedy: "set workers to 1 or more (--workers, POML_WORKERS)",
      });
    }
    const url = await this.#server.start();
    this.#local.start(this.#options.localWorkers, url);
  }

  /** Fails all current tasks with STOPPED, then ends the workers. */
  async stop(): Promise<void> {
    this.#stop.abort(
      new WorkerError("the worker pool is stopping", { code: "STOPPED" }, { action: "local" }),
    );
    await this.#local.stop();
    await this.#server.stop();
  }

  /** For the API's server: upgrade requests for WORKERS_PATH of protocol.ts. */
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
    return this.run("train", task, control);
  }

  retrain(task: RetrainTask, control: TaskControl): Promise<RetrainTaskResult> {
    return this.run("retrain", task, control);
  }

  evaluate(task: EvaluateTask, control: TaskControl): Promise<EvaluateTaskResult> {
    return this.run("evaluate", task, control);
  }

  baseline(task: BaselineTask, control: BaselineControl): Promise<BaselineTaskResult> {
    return this.run("baseline", task, control);
  }

  replay(task: ReplayTask, control: TaskControl): Promise<Uint8Array> {
    return this.run("replay", task, control);
  }

  track(run: TrackRun, control: TaskControl): Promise<TrackRunResult> {
    return this.run("track", run, control);
  }

  search(task: SearchUnitsTask, control: SearchControl): Promise<SearchUnitsResult> {
    return this.run("search", task, control);
  }

  async searchReplay(
    task: SearchUnitsTask,
    control: ReplayControl,
  ): Promise<readonly UnitResult[]> {
    return (await this.run("search", task, { ...control, isReplay: true })).units;
  }

  digests(task: DigestsTask, control: TaskControl): Promise<readonly Uint8Array[]> {
    return this.run("digests", task, control);
  }

  claims(task: ClaimsTask, control: TaskControl): Promise<WeighedClaims | undefined> {
    return this.run("claims", task, control);
  }

  run<K extends TaskKind>(kind: K, task: TaskOf<K>, control: ControlOf<K>): Promise<ResultOf<K>> {
    const carryOut = KINDS[kind].carryOut as CarryOutOf<K>;
    return carryOut(task, control, this.#scheduler);
  }

  #onLink(link: WorkerLink): void {
    this.#local.onLinked(link.identity.id);
    this.#scheduler.greet(link);
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

/** Each row takes tasks of its own kind. */
type CarryOutOf<K extends TaskKind> = (
  task: TaskOf<K>,
  control: ControlOf<K>,
  pool: Pool,
) => Promise<ResultOf<K>>;
