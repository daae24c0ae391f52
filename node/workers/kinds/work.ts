/**
 * The node's half of a kind of task: a task in the form in which a link carries it, made anew for every attempt, and
 * what the pool offers to whoever carries one out.
 */
import type { Clock } from "../../clock.ts";
import type { BlobSource } from "../blob-source.ts";
import type { TaskControl } from "../task-control.ts";
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
  /** Whether it is worth a place in the worker's cache. */
  readonly isKept: boolean;
}

export interface Assignment<T, Order extends OfKind = OfKind, Outcome extends OfKind = OfKind> {
  readonly order: Order;
  readonly inputs: readonly InputGroup[];
  /** Largest size of an output; 0 refuses it. */
  limitOf(name: string): number;
  onOutput(name: string, index: number, bytes: Uint8Array): void;
  /**
   * @param outcome of the kind of the order
   * @throws WorkerError PROTOCOL when the parts do not make a result
   */
  finish(outcome: Outcome): T;
}

/** The worker that an attempt is for. */
export interface ChosenWorker {
  readonly id: string;
  /** Where it is, see LinkIdentity. */
  readonly address: string;
  readonly machine: string;
  /** Whether what it sends is checked on this machine. */
  readonly isChecked: boolean;
}

/** One try of a task on one worker. */
export interface Attempt<T> {
  readonly assignment: Assignment<T>;
  /** Asks this worker for what is done so far. */
  readonly end?: AbortSignal;
  /** Before the result is used. @throws WorkerError SPOT_CHECK */
  readonly verify?: (result: T, signal: AbortSignal) => Promise<void>;
  /** It failed, and another one may follow. */
  readonly drop?: () => void;
}

/** A task as the pool carries it out, on one worker after another if need be. */
export interface Work<T> {
  readonly kind: string;
  /** Goes to the head of the queue. */
  readonly isUrgent: boolean;
  /** Remote workers may have it: their results can be checked in parts. Others stay here, where there is a worker. */
  readonly isRemote: boolean;
  /**
   * A worker of this machine that has it is given to an urgent task, which would else have to wait: the attempt is
   * ended, and another one goes on later.
   */
  readonly givesWay?: boolean;
  /** Of a task whose attempts go on where the last one ended: what all of them came to. */
  readonly soFar?: () => { readonly isWhole: boolean; readonly result: T };
  /** @param signal given up */
  attempt(worker: ChosenWorker, signal: AbortSignal): Attempt<T>;
}

export interface WorkControl extends TaskControl {
  /** Asks for what is done so far; while no worker has the task it fails with NO_WORKER. */
  readonly end?: AbortSignal;
}

/** What a kind of task needs of the pool. */
export interface Pool {
  readonly draw: Draw;
  readonly clock: Clock;
  /** @throws WorkerError; the signal's reason */
  run<T>(work: Work<T>, control: WorkControl): Promise<T>;
  /** The machine of this worker gets no tasks any more. */
  setAside(worker: ChosenWorker, reason: string): void;
  warn(message: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Of tasks without inputs or without outputs. */
export const NO_OUTPUTS: Pick<Assignment<unknown>, "limitOf" | "onOutput"> = {
  limitOf: () => 0,
  onOutput: () => {},
};
