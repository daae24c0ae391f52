/**
 * The node's end of the link to one worker: gives it one assignment at a time, and watches whether it is alive. The
 * pool decides which task comes next.
 */

import type { Channel } from "./channel.ts";
import type { Assignment } from "./kinds/work.ts";
import type { WorkerMessage } from "./protocol.ts";
import { type RunControl, TaskExchange } from "./task-exchange.ts";
import { breach } from "./worker-error.ts";
import type { WorkerStatus } from "./worker-status.ts";

export interface LinkTimings {
  /** Between two pings. */
  readonly heartbeatMs: number;
  /** A worker that is silent for so long is suspect. */
  readonly suspectMs: number;
  /** A worker that is silent for so long is given up, and its task is repeated elsewhere. */
  readonly failMs: number;
  /** If the node is silent for so long, a worker gives up the link. */
  readonly nodeSilenceMs: number;
  /** A worker that was told to stop must have stopped by then. */
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
  /** The identity of its machine: the name in its token, or else the place of its address. */
  readonly machine: string;
  readonly threads: number;
  readonly platform: string;
}

type Exchange = Pick<TaskExchange<unknown>, "kind" | "stoppedAt" | "onMessage" | "lose">;

export class WorkerLink {
  readonly identity: LinkIdentity;
  readonly #channel: Channel<WorkerMessage>;
  readonly #timings: LinkTimings;
  readonly #monotonic: () => number;
  /** The current task. */
  #present: Exchange | undefined;
  #tasks = 0;
  #isAside = false;
  /** Called whenever the worker can take a task. */
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

  /** Gives it no more tasks. The link stays, so that the owner can see it. */
  setAside(): void {
    this.#isAside = true;
  }

  status(): WorkerStatus {
    const { id, kind } = this.identity;
    return { id, kind, state: this.#state(), task: this.#present?.kind };
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
   * The worker is busy from the call on, unless the order is refused.
   * @throws WorkerError BAD_TASK, TOO_LARGE; LINK_LOST, TASK_FAILED; any error of loading an input; the signal's reason
   */
  async run<T>(assignment: Assignment<T>, control: RunControl): Promise<T> {
    if (this.#present !== undefined) throw new RangeError("the worker has a task already");
    const exchange = new TaskExchange(this.#tasks + 1, assignment, control, {
      channel: this.#channel,
      monotonic: this.#monotonic,
      worker: this.identity.id,
    });
    this.#tasks += 1;
    this.#present = exchange;
    exchange.start();
    return exchange.result;
  }

  /** @throws WorkerError PROTOCOL, TOO_LARGE; then the channel is closed */
  onMessage(message: WorkerMessage, payload: Uint8Array): void {
    if (message.type === "hello") throw breach("a second hello");
    if (this.#present?.onMessage(message, payload) !== true) return;
    this.#present = undefined;
    queueMicrotask(() => this.onIdle());
  }

  /** The link is lost: fails the current task. */
  onClosed(reason: string): void {
    const present = this.#present;
    this.#present = undefined;
    present?.lose(reason);
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
}
