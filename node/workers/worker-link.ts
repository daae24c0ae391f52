/**
 * The node's end of the link to one worker: hands it one assignment at a time, serves the inputs it
 * lacks, takes the outputs, and watches whether it is alive. Which task comes next is the pool's.
 */
import type { WorkerStatus } from "../services.ts";
import type { Assignment } from "./assignment.ts";
import { BlobReceiver, decodeIndexes, encodeTable } from "./blob.ts";
import type { Channel } from "./channel.ts";
import { checkOrder, type WireResult, type WorkerMessage } from "./protocol.ts";
import type { TaskProgress } from "./tasks.ts";
import { breach, WorkerError } from "./worker-error.ts";

export interface LinkTimings {
  /** Between two pings. */
  readonly heartbeatMs: number;
  /** Silence after which a worker is suspect. */
  readonly suspectMs: number;
  /** Silence after which it is given up and its task repeated elsewhere. */
  readonly failMs: number;
  /** Silence of the node after which a worker gives the link up. */
  readonly nodeSilenceMs: number;
  /** A worker told to stop must have stopped by then. */
  readonly stopMs: number;
  /** From the connection to the hello. */
  readonly helloMs: number;
}

export const LINK_TIMINGS: LinkTimings = {
  heartbeatMs: 10_000,
  suspectMs: 30_000,
  failMs: 60_000,
  nodeSilenceMs: 30_000,
  stopMs: 15_000,
  helloMs: 10_000,
};

export interface LinkIdentity {
  readonly id: string;
  readonly kind: WorkerStatus["kind"];
  /** IP address of its machine. */
  readonly address: string;
  /** What its machine is known by: the name that its token has, or else the place of its address. */
  readonly machine: string;
  readonly threads: number;
  readonly platform: string;
}

export interface RunControl {
  /** Gives the task up. */
  readonly signal: AbortSignal;
  /** Asks for what is done so far. */
  readonly end?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
}

/** The task under way. */
interface Present {
  readonly task: number;
  readonly assignment: Assignment<unknown>;
  readonly onProgress: RunControl["onProgress"];
  /** @throws WorkerError PROTOCOL */
  readonly finish: (result: WireResult) => void;
  readonly reject: (reason: unknown) => void;
  output: { readonly blob: BlobReceiver; readonly take: (bytes: Uint8Array) => void } | undefined;
  stoppedAt: number | undefined;
  /** Nobody waits for it any more. */
  abandoned: boolean;
}

export class WorkerLink {
  readonly identity: LinkIdentity;
  readonly #channel: Channel<WorkerMessage>;
  readonly #timings: LinkTimings;
  readonly #monotonic: () => number;
  #present: Present | undefined;
  #tasks = 0;
  #isAside = false;
  /** Called whenever the worker may take a task. */
  onIdle: () => void = () => {};

  constructor(
    identity: LinkIdentity,
    channel: Channel<WorkerMessage>,
    { timings, monotonic }: { readonly timings: LinkTimings; readonly monotonic: () => number },
  ) {
    this.identity = identity;
    this.#channel = channel;
    this.#timings = timings;
    this.#monotonic = monotonic;
  }

  get idle(): boolean {
    const isFree = this.#present === undefined && !this.#isAside;
    return this.#channel.open && isFree && !this.#isSuspect();
  }

  /** Gives it no task any more. The link stays, so that its owner sees it. */
  setAside(): void {
    this.#isAside = true;
  }

  status(): WorkerStatus {
    const { id, kind } = this.identity;
    return { id, kind, state: this.#state(), task: this.#present?.assignment.order.kind };
  }

  /** Pings, and gives up a worker that is silent or does not stop when told. */
  heartbeat(): void {
    if (this.#channel.silenceMs >= this.#timings.failMs) {
      this.#channel.terminate(`silent for ${Math.round(this.#channel.silenceMs)} ms`);
      return;
    }
    const stoppedAt = this.#present?.stoppedAt;
    if (stoppedAt !== undefined && this.#monotonic() - stoppedAt >= this.#timings.stopMs) {
      this.#channel.terminate("did not stop when told");
      return;
    }
    this.#channel.ping();
    if (this.idle) this.onIdle();
  }

  /**
   * Busy from the call on, unless the order is refused.
   * @throws WorkerError BAD_TASK, TOO_LARGE; LINK_LOST, TASK_FAILED; what loading an input throws; the
   * signal's reason
   */
  async run<T>(assignment: Assignment<T>, { signal, end, onProgress }: RunControl): Promise<T> {
    if (this.#present !== undefined) throw new RangeError("the worker has a task already");
    checkOrder(assignment.order);
    const table = encodeTable(assignment.inputs);
    const task = ++this.#tasks;
    return new Promise<T>((resolve, reject) => {
      const abandon = (): void => this.#abandon(present, signal.reason);
      const stop = (): void => this.#stop(present, "end");
      const settled = (): void => {
        signal.removeEventListener("abort", abandon);
        end?.removeEventListener("abort", stop);
      };
      const present: Present = {
        task,
        assignment,
        onProgress,
        finish: (result) => {
          resolve(assignment.finish(result));
          settled();
        },
        reject: (reason) => {
          reject(reason);
          settled();
        },
        output: undefined,
        stoppedAt: undefined,
        abandoned: false,
      };
      this.#present = present;
      signal.addEventListener("abort", abandon);
      end?.addEventListener("abort", stop);
      void this.#channel.send({ type: "order", task, order: assignment.order }, table);
      if (end?.aborted) stop();
      if (signal.aborted) abandon();
    });
  }

  /** @throws WorkerError PROTOCOL, TOO_LARGE: the channel closes on them */
  onMessage(message: WorkerMessage, payload: Uint8Array): void {
    if (message.type === "hello") throw breach("a second hello");
    const present = this.#present;
    if (present === undefined || message.task !== present.task) return;
    switch (message.type) {
      case "lacks":
        this.#serve(present, decodeIndexes(payload, present.assignment.inputs.length));
        break;
      case "progress":
        this.#tell(present, () => {
          const { step, steps, loss } = message;
          present.onProgress?.({ step, steps, loss: loss ?? undefined });
        });
        break;
      case "output":
        this.#announce(present, message);
        break;
      case "part":
        this.#accept(present, message.offset, payload);
        break;
      case "done":
        if (present.output !== undefined) throw breach("a result before its output");
        if (!present.abandoned) present.finish(message.result);
        this.#free();
        break;
      case "failed":
        this.#free();
        present.reject(this.#failed(present, message));
        break;
      default:
        message satisfies never;
    }
  }

  /** The link is gone: fails the task under way. */
  onClosed(reason: string): void {
    const present = this.#present;
    this.#present = undefined;
    present?.reject(this.#lost(reason));
  }

  close(reason?: string): void {
    this.#channel.close(reason);
  }

  #state(): WorkerStatus["state"] {
    if (!this.#channel.open) return "failed";
    if (this.#isAside) return "set-aside";
    if (this.#isSuspect()) return "suspect";
    return this.#present === undefined ? "idle" : "busy";
  }

  #isSuspect(): boolean {
    return this.#channel.silenceMs >= this.#timings.suspectMs;
  }

  #serve(present: Present, lacking: readonly number[]): void {
    this.#send(present, lacking).catch((error: unknown) => this.#abandon(present, error));
  }

  async #send(present: Present, lacking: readonly number[]): Promise<void> {
    const isWanted = (): boolean => this.#present === present && !present.abandoned;
    for (const index of lacking) {
      const input = present.assignment.inputs[index];
      if (input === undefined || !isWanted()) return;
      let sent = 0;
      for await (const piece of input.pieces()) {
        if (sent + piece.length > input.size) break;
        if (!(await this.#channel.sendParts(present.task, piece, isWanted, sent))) return;
        sent += piece.length;
      }
      if (sent !== input.size) {
        throw new RangeError(`input ${index} does not have the ${input.size} bytes expected`);
      }
    }
  }

  #announce(present: Present, message: Extract<WorkerMessage, { type: "output" }>): void {
    const { name, index, hash, size } = message;
    if (present.output !== undefined) throw breach("an output inside another");
    const { assignment } = present;
    const blob = new BlobReceiver({ hash, size }, assignment.limitOf(name));
    const take = (bytes: Uint8Array): void => assignment.onOutput(name, index, bytes);
    present.output = { blob, take };
  }

  #accept(present: Present, offset: number, part: Uint8Array): void {
    const { output } = present;
    if (output === undefined) throw breach("a part of no output");
    const bytes = output.blob.accept(offset, part);
    if (bytes === undefined) return;
    present.output = undefined;
    this.#tell(present, () => output.take(bytes));
  }

  /** Calls what the caller gave. Its failure ends the task, not the link. */
  #tell(present: Present, call: () => void): void {
    if (present.abandoned) return;
    try {
      call();
    } catch (error) {
      if (error instanceof WorkerError && error.code === "PROTOCOL") throw error;
      this.#abandon(present, error);
    }
  }

  /** The caller hears at once; the worker stays busy until it says that it stopped. */
  #abandon(present: Present, reason: unknown): void {
    if (this.#present !== present || present.abandoned) return;
    present.abandoned = true;
    this.#stop(present, "abandon");
    present.reject(reason);
  }

  #stop(present: Present, how: "end" | "abandon"): void {
    if (this.#present !== present) return;
    present.stoppedAt ??= this.#monotonic();
    void this.#channel.send({ type: "stop", task: present.task, how });
  }

  #free(): void {
    this.#present = undefined;
    queueMicrotask(() => this.onIdle());
  }

  #lost(reason: string): WorkerError {
    const worker = this.identity.id;
    return new WorkerError(
      `worker ${worker} was lost: ${reason}`,
      { code: "LINK_LOST", worker, reason },
      { action: "local" },
    );
  }

  #failed(present: Present, { code, message }: { code: string; message: string }): WorkerError {
    const { kind } = present.assignment.order;
    const worker = this.identity.id;
    return new WorkerError(
      `${kind} failed on worker ${worker}: ${message}`,
      { code: "TASK_FAILED", kind, worker, reason: code },
      { action: "local" },
    );
  }
}
