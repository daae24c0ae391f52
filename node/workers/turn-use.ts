/** How long replays and searches of this node have a worker in turn (worker-turns.ts). */

export const TURN_MS = 1_000;

/** What urgent tasks that belong together (the parts of a claim) have had of their turn. */
export class TurnUse {
  ms = 0;

  get isOver(): boolean {
    return this.ms >= TURN_MS;
  }
}
