/**
 * The jobs of a state, in order, as the state keeps them: the record of a job under way, and of a settled one its
 * root alone. A settled job never changes, and no rule reads it; its record lies with whoever keeps the chain.
 */
import { JOB_PHASES, type Job } from "../types/job.ts";

/** 32 bytes: the SSZ root of a settled job. */
export type JobSlot = Job | Uint8Array;

/** Can be walked more than once. */
export interface JobSlots {
  readonly length: number;
  [Symbol.iterator](): Iterator<JobSlot>;
}

export function isUnsettled({ phase }: Job): boolean {
  return JOB_PHASES[phase] !== "settled";
}

const ROOT = 32;

/** Collects slots; a settled job takes no more than its root. */
export class SlotList implements JobSlots {
  readonly #open = new Map<number, Job>();
  #roots = new Uint8Array(1024 * ROOT);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(slot: JobSlot): void {
    const index = this.#length++;
    if (!(slot instanceof Uint8Array)) {
      this.#open.set(index, slot);
      return;
    }
    if (slot.length !== ROOT) throw new RangeError(`a root of ${slot.length} bytes`);
    if (this.#roots.length < this.#length * ROOT) this.#grow();
    this.#roots.set(slot, index * ROOT);
  }

  *[Symbol.iterator](): Generator<JobSlot> {
    for (let index = 0; index < this.#length; index++) {
      yield this.#open.get(index) ?? this.#roots.slice(index * ROOT, (index + 1) * ROOT);
    }
  }

  #grow(): void {
    const roots = new Uint8Array(2 * this.#length * ROOT);
    roots.set(this.#roots);
    this.#roots = roots;
  }
}
