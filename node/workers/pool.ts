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
import { SET_ASIDE_REMEDY, SetAside } from "./set-aside.ts";
import { type Draw, drawAtRandom, LaneProbe, TrainProbe } from "./spot-check.ts";
import type { TaskKind } from "./task-kind.ts";
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
/** A lane is to be claimed soon after its window; with what could not be checked until then. */
const LANE_CHECK_MS = 8_000;

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
  /** Which parts of remote results are done again; default: at random. */
  readonly draw?: Draw;
}

/** One try of a task on one worker. */
interface Attempt<T> {
  readonly assignment: Assignment<T>;
  /** Before the result is used. @throws WorkerError SPOT_CHECK */
  readonly verify?: (result: T, signal: AbortSignal) => Promise<void>;
}

export class WorkerPool implements Workers {
  readonly #options: WorkerPoolOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #server: LinkServer;
  readonly #local: LocalWorkers;
  readonly #queue = new WorkerQueue();
  readonly #stop = new AbortController();
  readonly #draw: Draw;
  readonly #aside: SetAside;

  constructor(
    options: WorkerPoolOptions,
    { log, clock, spawn = forkWorker, draw = drawAtRandom }: WorkerPoolModules,
  ) {
    this.#draw = draw;
    this.#aside = new SetAside(() => clock.monotonic());
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
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

  /** Opens the loopback door and starts the local workers; does not wait for them to link. */
  async start(): Promise<void> {
    if (this.#options.localWorkers === 0 && this.#options.remoteToken !== undefined) {
      this.#log.warn("what remote workers send is not checked: no worker runs on this machine", {
        remedy: "set workers to 1 or more (--workers, POML_WORKERS)",
      });
    }
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
    const { onState } = control;
    return this.#run(
      "train",
      (link) => {
        const isExact = task.engine === "exact";
        if (!isExact || !this.#isChecked(link)) {
          return { assignment: trainAssignment(task, control) };
        }
        const probe = new TrainProbe(task, onState !== undefined, this.#draw);
        const watched = {
          onState: (index: number, state: Uint8Array): void => {
            probe.onState(index, state);
            onState?.(index, state);
          },
        };
        return {
          assignment: trainAssignment(task, onState === undefined ? control : watched),
          verify: (result, signal) =>
            probe.check(link.identity.id, result, (again) =>
              this.retrain(again, { deadlineMs: control.deadlineMs, signal }),
            ),
        };
      },
      control,
    );
  }

  retrain(task: RetrainTask, control: TaskControl): Promise<RetrainTaskResult> {
    return this.#run("retrain", () => ({ assignment: retrainAssignment(task) }), control);
  }

  evaluate(task: EvaluateTask, control: TaskControl): Promise<EvaluateTaskResult> {
    return this.#run("evaluate", () => ({ assignment: evaluateAssignment(task) }), control);
  }

  /** Goes to the head of the queue: a window does not wait. */
  async baseline(task: BaselineTask, control: BaselineControl): Promise<BaselineTaskResult> {
    const { until, onState } = control;
    const probe = new LaneProbe(task, this.#draw);
    let remote: WorkerLink | undefined;
    const lane = new BaselineLane(task, {
      onState: (index, state) => {
        probe.onState(index, state);
        onState?.(index, state);
      },
    });
    const attempt = (link: WorkerLink): Attempt<BaselineTaskResult> => {
      if (this.#isChecked(link)) remote = link;
      return { assignment: lane.attempt() };
    };
    const result = await this.#run("baseline", attempt, { ...control, end: until }).catch(
      (error: unknown) => {
        // Over while it waited for a worker, or for one to take the place of a dead one.
        if (until.aborted && isCode(error, "NO_WORKER", "ATTEMPTS")) return lane.result();
        throw error;
      },
    );
    if (remote !== undefined) await this.#checkLane(probe, remote, result);
    return result;
  }

  replay(task: ReplayTask, control: TaskControl): Promise<Uint8Array> {
    return this.#run("replay", () => ({ assignment: replayAssignment(task) }), control);
  }

  track(run: TrackRun, control: TaskControl): Promise<TrackRunResult> {
    return this.#run("track", () => ({ assignment: trackAssignment(run) }), control);
  }

  /** A window cannot be worked again: of a lane with wrong work nothing is claimed. */
  async #checkLane(probe: LaneProbe, link: WorkerLink, result: BaselineTaskResult): Promise<void> {
    const { id } = link.identity;
    try {
      await probe.check(id, result, (again) => this.replay(again, { deadlineMs: LANE_CHECK_MS }));
    } catch (error) {
      if (isCode(error, "SPOT_CHECK")) this.#setAside(link, error.message);
      if (!isCode(error, "DEADLINE")) throw error;
      this.#log.warn("a lane of a remote worker is claimed unchecked: no worker was free in time", {
        worker: id,
        remedy: "let more workers run on this machine (workers)",
      });
    }
  }

  /** Whether what this worker sends is checked here. */
  #isChecked({ identity }: WorkerLink): boolean {
    return identity.kind === "remote" && this.#options.localWorkers > 0;
  }

  /** What cannot be checked in parts stays on this machine, where there is a worker. */
  #mayHave(kind: TaskKind, link: WorkerLink): boolean {
    return kind === "train" || kind === "baseline" || !this.#isChecked(link);
  }

  #setAside({ identity }: WorkerLink, reason: string): void {
    const { id, address, machine } = identity;
    this.#aside.add(machine);
    for (const link of this.#queue.links) {
      if (link.identity.kind === "remote" && link.identity.machine === machine) link.setAside();
    }
    const facts = { worker: id, address, machine, reason, remedy: SET_ASIDE_REMEDY };
    this.#log.error(
      "a remote worker sent wrong work: it is dropped, and the worker set aside",
      facts,
    );
  }

  async #run<T>(
    kind: TaskKind,
    attempt: (link: WorkerLink) => Attempt<T>,
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

  async #attempt<T>(
    kind: TaskKind,
    attempt: (link: WorkerLink) => Attempt<T>,
    control: RunControl,
  ): Promise<T> {
    const urgent = kind === "baseline" || kind === "replay";
    const { signal, end } = control;
    /** A remote worker failed at it: whether it can be done at all shows here. */
    let isLocalOnly = false;
    const fits = (link: WorkerLink): boolean =>
      this.#mayHave(kind, link) && !(isLocalOnly && this.#isChecked(link));
    for (let attempts = 1; ; attempts++) {
      let link: WorkerLink | undefined;
      try {
        const { result, verify } = await this.#queue.use(
          { signal, end, urgent, fits },
          async (free) => {
            link = free;
            const { assignment, verify } = attempt(free);
            return { result: await free.run(assignment, control), verify };
          },
        );
        await verify?.(result, signal);
        return result;
      } catch (error) {
        if (isCode(error, "SPOT_CHECK") && link !== undefined) {
          this.#setAside(link, error.message);
          isLocalOnly = true;
        } else if (isCode(error, "TASK_FAILED") && link !== undefined && this.#isChecked(link)) {
          this.#log.warn("a task failed on a remote worker; it is tried here", {
            kind,
            reason: error.message,
          });
          isLocalOnly = true;
        } else if (isCode(error, "LINK_LOST")) {
          this.#log.warn("a task lost its worker", { kind, attempts, reason: error.message });
        } else throw error;
        if (attempts === MAX_ATTEMPTS) throw outOfAttempts(kind, attempts, error);
      }
    }
  }

  #onLink(link: WorkerLink): void {
    const { id, kind, address, machine } = link.identity;
    this.#local.onLinked(id);
    if (kind === "remote" && this.#aside.has(machine)) {
      link.setAside();
      this.#log.warn("a worker links from a machine that is set aside: it gets no tasks", {
        worker: id,
        address,
        machine,
        remedy: SET_ASIDE_REMEDY,
      });
    }
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
