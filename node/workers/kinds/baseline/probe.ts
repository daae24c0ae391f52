import type { ReplayTask } from "../replay/task.ts";
import { believed, type Draw, isSame, wrong } from "../spot-check.ts";
import type { BaselineTask, BaselineTaskResult } from "./task.ts";

/** Watches one lane on a remote worker: keeps one of the states that arrive, each with the same probability. */
export class LaneProbe {
  readonly #task: BaselineTask;
  readonly #draw: Draw;
  #kept: { readonly index: number; readonly state: Uint8Array } | undefined;
  /** The newest state: the arrival of the next one shows that a segment begins in it. */
  #last: { readonly index: number; readonly state: Uint8Array } | undefined;

  constructor(task: BaselineTask, draw: Draw) {
    this.#task = task;
    this.#draw = draw;
  }

  onState(index: number, state: Uint8Array): void {
    const last = this.#last;
    if (last !== undefined && last.index + 1 === index && this.#draw(index) === 0) {
      this.#kept = last;
    }
    this.#last = { index, state };
  }

  /**
   * @param replay on this machine
   * @throws WorkerError SPOT_CHECK; any error of `replay`
   */
  async check(
    worker: string,
    { checkpoints }: BaselineTaskResult,
    replay: (task: ReplayTask) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.#kept === undefined || this.#kept.index + 1 >= checkpoints.length) return;
    const { index, state } = this.#kept;
    const { task, seed, stepsPerSegment } = this.#task;
    const order = { task, seed, index, stepsPerSegment, startState: state };
    const end = await believed(worker, index, () => replay(order));
    if (!isSame(checkpoints[index + 1], end)) throw wrong(worker, index);
  }
}
