/** The units of a task over all its attempts: those accepted so far, and those left. */
import { compareBytes } from "../../../../chain/crypto/hash.ts";
import { unitAt, unitNonces, unitOf } from "../../../../chain/workload/search/units.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";
import { breach } from "../../worker-error.ts";
import {
  cutOfTask,
  type SearchControl,
  type SearchUnitsResult,
  type SearchUnitsTask,
} from "./task.ts";

export class SearchLease {
  readonly task: SearchUnitsTask;
  readonly #control: Pick<SearchControl, "onUnits" | "onFind">;
  readonly #units: UnitResult[] = [];
  readonly #finds = new Map<bigint, Find>();
  /** Nonces of units that were not finished. */
  #lost = 0;

  constructor(task: SearchUnitsTask, control: Pick<SearchControl, "onUnits" | "onFind">) {
    this.task = task;
    this.#control = control;
  }

  /** The first unit that is not done. */
  get next(): bigint {
    return this.task.from + BigInt(this.#units.length);
  }

  get isWhole(): boolean {
    return this.next === this.task.to;
  }

  /** Nonces of the units that are done. */
  get hashes(): number {
    return Number(unitNonces(cutOfTask(this.task), this.task.from, this.next));
  }

  /** @throws WorkerError PROTOCOL for a unit that is not the next one, or whose values are impossible */
  requireNext(units: readonly UnitResult[], next: bigint): void {
    const cut = cutOfTask(this.task);
    for (const [index, { unit, minNonce }] of units.entries()) {
      const isNext = unit === next + BigInt(index) && unit < this.task.to;
      if (!isNext) throw breach(`unit ${unit} of a search, expected ${next + BigInt(index)}`);
      const { from, to } = unitAt(cut, unit);
      if (minNonce < from || minNonce >= to) throw breach(`nonce ${minNonce} in unit ${unit}`);
    }
  }

  /** @throws WorkerError PROTOCOL for a find outside of the task, or above the target */
  requireFind({ nonce, digest }: Find): void {
    const unit = unitOf(cutOfTask(this.task), nonce);
    if (unit === undefined || unit < this.task.from || unit >= this.task.to) {
      throw breach(`a find outside of the task, nonce ${nonce}`);
    }
    if (compareBytes(digest, this.task.target) > 0) {
      throw breach(`a find above the target, nonce ${nonce}`);
    }
  }

  /** @param units the next ones */
  add(units: readonly UnitResult[]): void {
    if (units.length === 0) return;
    this.#units.push(...units);
    this.#control.onUnits?.(units);
  }

  /** A find may come twice, because its unit was started again; it is reported once. */
  addFind(find: Find): void {
    if (this.#finds.has(find.nonce)) return;
    this.#finds.set(find.nonce, find);
    this.#control.onFind?.(find);
  }

  /** Counts nonces of a unit that was not finished. */
  lose(hashes: number): void {
    this.#lost += hashes;
  }

  result(): SearchUnitsResult {
    const finds = [...this.#finds.values()].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
    return { units: [...this.#units], finds, hashes: this.hashes + this.#lost };
  }
}
