/** The inputs of a task as the worker received them, by name. */
import { badTask, breach } from "../worker-error.ts";

/** Bytes that have this SHA-256 (hex). */
export interface TaskInput {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** The number of following inputs with this name. */
export interface InputName {
  readonly name: string;
  readonly count: number;
}

export class Inputs {
  readonly #byName = new Map<string, readonly TaskInput[]>();

  /** @throws WorkerError PROTOCOL where the names do not fit the inputs */
  constructor(names: readonly InputName[], inputs: readonly TaskInput[]) {
    requireFitting(names, inputs.length);
    let at = 0;
    for (const { name, count } of names) {
      this.#byName.set(name, inputs.slice(at, at + count));
      at += count;
    }
  }

  /** @throws WorkerError BAD_TASK */
  one(name: string): TaskInput {
    const input = this.all(name)[0];
    if (input === undefined) throw badTask(name, "missing");
    return input;
  }

  all(name: string): readonly TaskInput[] {
    return this.#byName.get(name) ?? [];
  }
}

/** @throws WorkerError PROTOCOL */
export function requireFitting(names: readonly InputName[], inputs: number): void {
  const named = names.reduce((sum, { count }) => sum + count, 0);
  if (named !== inputs) throw breach(`${inputs} inputs, ${named} of them with names`);
  if (new Set(names.map(({ name }) => name)).size < names.length) {
    throw breach("two groups of inputs with one name");
  }
}
