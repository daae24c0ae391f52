/**
 * How much of what is due one block does. The rest stays due, so the next block goes on where this one stopped;
 * a delay only gives more time to those who have a deadline. Draws are not among it: they never wait. So this is also
 * what bounds the draws that the end of one block can schedule.
 */

/**
 * Steps of audits and jobs at the end of one block, for those that are due, and again for the others that it changed:
 * looks at what is due, audits that move, audits that are opened.
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
