/** Machines whose workers sent wrong results: they get no tasks for a day, even if they connect again. */
import { DAY_MS } from "../units.ts";

const MAX_MACHINES = 1024;

export const SET_ASIDE_REMEDY =
  "test that machine (memory, heat, who else uses it); `npx poml rotate-worker-token` keeps it out, a restart of this node takes it back";

export class SetAsideMachines {
  readonly #monotonic: () => number;
  /** Until when, by the name or address of a machine. */
  readonly #until = new Map<string, number>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  add(machine: string): void {
    const [oldest] = this.#until.keys();
    if (this.#until.size >= MAX_MACHINES && oldest !== undefined) this.#until.delete(oldest);
    this.#until.delete(machine);
    this.#until.set(machine, this.#monotonic() + DAY_MS);
  }

  has(machine: string): boolean {
    return (this.#until.get(machine) ?? 0) > this.#monotonic();
  }
}
