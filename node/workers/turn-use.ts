/** How much of their turns replays and searches of this node have used (worker-turns.ts). */

export const TURN_MS = 1_000;

/** How much of their turn urgent tasks that belong together (the parts of a claim) have used. */
export class TurnUse {
  ms = 0;

  get isOver(): boolean {
    return this.ms >= TURN_MS;
  }
}
