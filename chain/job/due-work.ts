/**
 * How much of what is due one block does. The rest stays due, so the next block goes on where this one stopped;
 * a delay only gives more time to those who have a deadline.
 */

/** Steps of audits and jobs at the end of one block. */
export const DUE_STEPS = 128;
/** What drawing a team and its participants counts as, besides the look at the job. */
export const DRAW_STEPS = 3;

export class DueWork {
  #left: number;

  constructor(steps: number = DUE_STEPS) {
    this.#left = steps;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(steps: number): void {
    this.#left -= steps;
  }
}
