/**
 * How a replay and the searches of this node share workers of this machine. A search gives its worker up at once to a
 * task that is urgent. From then on the two take turns: each is ended after a second, when it has sent what it finished,
 * and continues later. A long replay would otherwise keep the only worker, and this node would search nothing.
 */
import type { Clock } from "../clock.ts";
import type { Work } from "./kinds/work.ts";
import { TURN_MS, type TurnUse } from "./turn-use.ts";
import type { WorkerLink } from "./worker-link.ts";
import type { WorkerQueue } from "./worker-queue.ts";

export type Fits = (link: WorkerLink) => boolean;

interface Turn {
  readonly isForUrgent: boolean;
  readonly end: AbortController;
  isOver: boolean;
}

export interface TurnRequest<T> {
  readonly givesWay: NonNullable<Work<T>["givesWay"]>;
  readonly use: TurnUse;
  /** @param onOutput to be called with the name of each output that arrives */
  run(end: AbortSignal, onOutput: (name: string) => void): Promise<T>;
}

export class Turns {
  readonly #queue: WorkerQueue;
  readonly #clock: Pick<Clock, "monotonic" | "sleep">;
  readonly #turns = new Map<WorkerLink, Turn>();

  constructor(queue: WorkerQueue, clock: Pick<Clock, "monotonic" | "sleep">) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /**
   * An urgent task waits for one of these workers. If none is idle, a task that gives way to it is ended: at once, or
   * after a turn if the urgent one has had its own.
   * @param signal aborted when the task has a worker
   */
  async makeWay(fits: Fits, use: TurnUse, signal: AbortSignal): Promise<void> {
    if (use.isOver) {
      await this.#clock.sleep(TURN_MS, signal).catch(() => {});
      if (signal.aborted) return;
    }
    if (this.#queue.links.some((link) => link.idle && fits(link))) return;
    const running = [...this.#turns].filter(([link, turn]) => turn.isForUrgent && fits(link));
    const turn = running.find(([, { end, isOver }]) => !isOver && !end.signal.aborted)?.[1];
    if (turn === undefined) return;
    if (use.isOver) turn.isOver = true;
    else turn.end.abort();
  }

  /** Runs an attempt on a worker of this machine that may be ended for another task's turn. */
  async during<T>(link: WorkerLink, { givesWay, use, run }: TurnRequest<T>): Promise<T> {
    const { isForUrgent, after } = givesWay;
    const turn: Turn = { isForUrgent, end: new AbortController(), isOver: false };
    const over = new AbortController();
    const begin = this.#clock.monotonic();
    if (use.isOver) use.ms = 0;
    this.#turns.set(link, turn);
    if (!isForUrgent) void this.#limit(turn, link, TURN_MS - use.ms, over.signal);
    try {
      return await run(turn.end.signal, (name) => {
        if (turn.isOver && name === after) turn.end.abort();
      });
    } finally {
      over.abort();
      use.ms += this.#clock.monotonic() - begin;
      if (this.#turns.get(link) === turn) this.#turns.delete(link);
    }
  }

  /** The turn of a replay is over once a search is the next that would get its worker. */
  async #limit(turn: Turn, link: WorkerLink, firstMs: number, signal: AbortSignal): Promise<void> {
    for (let ms = firstMs; !turn.isOver; ms = TURN_MS / 4) {
      await this.#clock.sleep(ms, signal).catch(() => {});
      if (signal.aborted) return;
      turn.isOver = this.#queue.nextGivesWay(link);
    }
  }
}
