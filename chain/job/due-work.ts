/**
 * Limits how much of the due work one block does. The rest stays due, and the next block continues where this one
 * stopped; a delay only gives more time to those with a deadline. Draws are not limited here, because they never wait.
 * This limit also bounds how many draws the end of one block can schedule.
 */

/**
 * Number of steps at the end of one block for due audits and jobs, and again for the others that it changed. A step is
 * a look at a due job, an audit that moves on, or an audit that is opened.
 */
export const DUE_STEPS = 128;

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
