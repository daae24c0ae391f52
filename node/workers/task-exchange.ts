/**
 * The node's end of one task on the link to a worker: sends the order, serves the inputs that the worker lacks, takes
 * the outputs, and settles with the result.
 */
import { BlobReceiver, type BlobRef, decodeIndexes, encodeTable } from "./blob.ts";
import type { BlobSource } from "./blob-source.ts";
import type { Channel } from "./channel.ts";
import type { Assignment } from "./kinds/work.ts";
import { checkOrder, type WorkerMessage } from "./protocol.ts";
import type { TaskProgress } from "./task-control.ts";
import { breach, isWorkerCode, WorkerError } from "./worker-error.ts";

export interface RunControl {
  /** Abandons the task. */
  readonly signal: AbortSignal;
  /** Asks for the work done so far. */
  readonly end?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
}

export interface ExchangeParts {
  readonly channel: Channel<WorkerMessage>;
  readonly monotonic: () => number;
  /** Name of the worker. */
  readonly worker: string;
}

export type TaskMessage = Exclude<WorkerMessage, { type: "hello" }>;
type OutputMessage = Extract<WorkerMessage, { type: "output" }>;

export class TaskExchange<T> {
  /** Rejects with WorkerError LINK_LOST, TASK_FAILED; any error of loading an input; the signal's reason. */
  readonly result: Promise<T>;
  /** When the worker was told to stop. */
  stoppedAt: number | undefined;
  readonly #task: number;
  readonly #assignment: Assignment<T>;
  readonly #inputs: readonly BlobSource[];
  readonly #table: Uint8Array;
  readonly #parts: ExchangeParts;
  readonly #control: RunControl;
  #resolve: (value: T) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #output: { readonly blob: BlobReceiver; readonly take: (bytes: Uint8Array) => void } | undefined;
  /** No caller waits for it any more. */
  #abandoned = false;
  #over = false;

  /** @throws WorkerError BAD_TASK, TOO_LARGE */
  constructor(task: number, assignment: Assignment<T>, control: RunControl, parts: ExchangeParts) {
    checkOrder(assignment.order);
    this.#inputs = assignment.inputs.flatMap(({ blobs }) => blobs);
    this.#table = encodeTable(this.#inputs);
    this.#task = task;
    this.#assignment = assignment;
    this.#control = control;
    this.#parts = parts;
    this.result = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get kind(): string {
    return this.#assignment.order.kind;
  }

  start(): void {
    const { order, inputs: groups } = this.#assignment;
    const { signal, end } = this.#control;
    const inputs = groups.map(({ name, blobs, isKept }) => ({ name, count: blobs.length, isKept }));
    signal.addEventListener("abort", this.#onAbort);
    end?.addEventListener("abort", this.#onEnd);
    const message = { type: "order", task: this.#task, order, inputs };
    void this.#parts.channel.send(message, this.#table);
    if (end?.aborted) this.#onEnd();
    if (signal.aborted) this.#onAbort();
  }

  /**
   * @returns whether the worker has finished the task
   * @throws WorkerError PROTOCOL, TOO_LARGE
   */
  onMessage(message: TaskMessage, payload: Uint8Array): boolean {
    if (message.task !== this.#task) return false;
    switch (message.type) {
      case "lacks":
        this.#serve(decodeIndexes(payload, this.#inputs.length)).catch((error: unknown) =>
          this.#abandon(error),
        );
        return false;
      case "progress":
        this.#tell(() => {
          const { step, steps, loss } = message;
          this.#control.onProgress?.({ step, steps, loss: loss ?? undefined });
        });
        return false;
      case "output":
        this.#announce(message);
        return false;
      case "part":
        this.#accept(message.offset, payload);
        return false;
      case "done":
        this.#finish(message);
        return true;
      case "failed":
        this.#fail(this.#failed(message));
        return true;
      default:
        return message satisfies never;
    }
  }

  /** The link is lost. */
  lose(reason: string): void {
    const { worker } = this.#parts;
    const facts = { code: "LINK_LOST", worker, reason } as const;
    this.#fail(new WorkerError(`worker ${worker} was lost: ${reason}`, facts, { action: "local" }));
  }

  readonly #onAbort = (): void => this.#abandon(this.#control.signal.reason);
  readonly #onEnd = (): void => this.#stop("end");

  async #serve(lacking: readonly number[]): Promise<void> {
    const { channel } = this.#parts;
    const isWanted = (): boolean => !this.#over && !this.#abandoned;
    for (const index of lacking) {
      const input = this.#inputs[index];
      if (input === undefined || !isWanted()) return;
      let sent = 0;
      for await (const piece of input.pieces()) {
        if (sent + piece.length > input.size) break;
        if (!(await channel.sendParts(this.#task, piece, isWanted, sent))) return;
        sent += piece.length;
      }
      if (sent !== input.size) {
        throw new RangeError(`input ${index} does not have the ${input.size} bytes expected`);
      }
    }
  }

  #announce({ name, index, hash, size }: OutputMessage): void {
    if (this.#output !== undefined) throw breach("an output inside another");
    const ref: BlobRef = { hash, size };
    const blob = new BlobReceiver(ref, this.#assignment.limitOf(name));
    const take = (bytes: Uint8Array): void => this.#assignment.onOutput(name, index, bytes);
    this.#output = { blob, take };
  }

  #accept(offset: number, part: Uint8Array): void {
    const output = this.#output;
    if (output === undefined) throw breach("a part of no output");
    const bytes = output.blob.accept(offset, part);
    if (bytes === undefined) return;
    this.#output = undefined;
    this.#tell(() => output.take(bytes));
  }

  #finish({ result }: Extract<WorkerMessage, { type: "done" }>): void {
    if (this.#output !== undefined) throw breach("a result before its output");
    if (result.kind !== this.kind) throw breach(`a ${result.kind} result of a ${this.kind} task`);
    if (!this.#abandoned) this.#resolve(this.#assignment.finish(result));
    this.#settled();
  }

  /** Calls a function of the caller. Its failure ends the task, not the link. */
  #tell(call: () => void): void {
    if (this.#abandoned) return;
    try {
      call();
    } catch (error) {
      if (isWorkerCode(error, "PROTOCOL")) throw error;
      this.#abandon(error);
    }
  }

  /** The caller is informed at once; the worker stays busy until it reports that it has stopped. */
  #abandon(reason: unknown): void {
    if (this.#over || this.#abandoned) return;
    this.#abandoned = true;
    this.#stop("abandon");
    this.#reject(reason);
  }

  #stop(how: "end" | "abandon"): void {
    if (this.#over) return;
    this.stoppedAt ??= this.#parts.monotonic();
    void this.#parts.channel.send({ type: "stop", task: this.#task, how });
  }

  #fail(error: WorkerError): void {
    this.#reject(error);
    this.#settled();
  }

  #settled(): void {
    this.#over = true;
    this.#control.signal.removeEventListener("abort", this.#onAbort);
    this.#control.end?.removeEventListener("abort", this.#onEnd);
  }

  #failed({ code, message }: Extract<WorkerMessage, { type: "failed" }>): WorkerError {
    const { worker } = this.#parts;
    return new WorkerError(
      `${this.kind} failed on worker ${worker}: ${message}`,
      { code: "TASK_FAILED", kind: this.kind, worker, reason: code },
      { action: "local" },
    );
  }
}
