/**
 * The node's half of a kind of task: a task in the form for a link, newly made for every attempt, and what the pool
 * offers to code that carries one out.
 */
import type { Clock } from "../../clock.ts";
import type { BlobSource } from "../blob-source.ts";
import type { TaskControl } from "../task-control.ts";
import type { TurnUse } from "../turn-use.ts";
import type { Draw } from "./spot-check.ts";

/** Orders and results on the wire name their kind. */
export interface OfKind {
  readonly kind: string;
}

/** Inputs of one name, in order. */
export interface InputGroup {
  readonly name: string;
  /** Read only when the worker lacks them. */
  readonly blobs: readonly BlobSource[];
  /** Whether the worker should keep it in its cache. */
  readonly isKept: boolean;
}

export interface Assignment<T, Order extends OfKind = OfKind, Outcome extends OfKind = OfKind> {
  readonly order: Order;
  readonly inputs: readonly InputGroup[];
  /** The largest size of an output; 0 refuses it. */
  limitOf(name: string): number;
  onOutput(name: string, index: number, bytes: Uint8Array): void;
  /**
   * @param outcome of the kind of the order
   * @throws WorkerError PROTOCOL when the parts make no result
   */
  finish(outcome: Outcome): T;
}

/** The worker chosen for an attempt. */
export interface ChosenWorker {
  readonly id: string;
  /** Where it is, see LinkIdentity. */
  readonly address: string;
  readonly machine: string;
  /** Whether its results are checked on this machine. */
  readonly isChecked: boolean;
}

/** One try of a task on one worker. */
export interface Attempt<T> {
  readonly assignment: Assignment<T>;
  /** Asks this worker for the work done so far. */
  readonly end?: AbortSignal;
  /**
   * Runs before the result is used.
   * @throws WorkerError SPOT_CHECK
   */
  readonly verify?: (result: T, signal: AbortSignal) => Promise<void>;
  /** The attempt failed, and another one may follow. */
  readonly drop?: () => void;
}

/** A task as the pool carries it out, if necessary on several workers in turn. */
export interface Work<T> {
  readonly kind: string;
  /** Goes to the head of the queue. */
  readonly isUrgent: boolean;
  /**
   * Remote workers may have it, because their results can be checked in parts. Other tasks stay on this machine, if it
   * has a worker.
   */
  readonly isRemote: boolean;
  /**
   * A worker of this machine that runs it may be given to another task: the attempt is ended, and another one continues
   * later (worker-turns.ts).
   */
  readonly givesWay?: {
    /** Ends at once for an urgent task that would have to wait; otherwise only for the turn of such a task. */
    readonly isForUrgent: boolean;
    /** Name of the output after which hardly any work is lost. */
    readonly after: string;
  };
  /** Of the tasks that this one belongs to; default: of this task alone. */
  readonly turnUse?: TurnUse | undefined;
  /** For a task whose attempts continue where the last one ended: the result of all of them. */
  readonly soFar?: () => { readonly isWhole: boolean; readonly result: T };
  /** @param signal aborted when the caller gives up */
  attempt(worker: ChosenWorker, signal: AbortSignal): Attempt<T>;
}

export interface WorkControl extends TaskControl {
  /** Asks for the work done so far; while no worker has the task, it fails with NO_WORKER. */
  readonly end?: AbortSignal;
}

/** What a kind of task needs from the pool. */
export interface Pool {
  readonly draw: Draw;
  readonly clock: Clock;
  /** @throws WorkerError; the signal's reason */
  run<T>(work: Work<T>, control: WorkControl): Promise<T>;
  /** The machine of this worker gets no more tasks. */
  setAside(worker: ChosenWorker, reason: string): void;
  warn(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** For tasks without inputs or without outputs. */
export const NO_OUTPUTS: Pick<Assignment<unknown>, "limitOf" | "onOutput"> = {
  limitOf: () => 0,
  onOutput: () => {},
};
