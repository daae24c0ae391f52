/** Assigns workers to tasks: callers in order, each gets the first suitable idle link. */
import { WorkerError } from "./worker-error.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Also ends the wait, with NO_WORKER. */
  readonly end?: AbortSignal | undefined;
  /** Takes precedence over those that already wait. */
  readonly urgent: boolean;
  /** Which workers may have the task; default: any. */
  readonly fits?: (link: WorkerLink) => boolean;
  /** It would give its worker up to an urgent task. */
  readonly givesWay?: boolean;
}

interface Waiting {
  readonly fits: (link: WorkerLink) => boolean;
  readonly givesWay: boolean;
  take(link: WorkerLink): void;
}

export class WorkerQueue {
  readonly #links = new Set<WorkerLink>();
  readonly #waiting: Waiting[] = [];

  get links(): WorkerLink[] {
    return [...this.#links];
  }

  add(link: WorkerLink): void {
    this.#links.add(link);
    link.onIdle = () => this.#offer();
    this.#offer();
  }

  remove(link: WorkerLink): void {
    this.#links.delete(link);
  }

  /** Whether the task that would get this worker next is one that gives way to urgent ones. */
  nextGivesWay(link: WorkerLink): boolean {
    return this.#waiting.find(({ fits }) => fits(link))?.givesWay === true;
  }

  /**
   * Runs `task` on the next idle worker.
   * @throws WorkerError NO_WORKER; the signal's reason; any error of `task`
   */
  use<T>(
    { signal, end, urgent, fits = () => true, givesWay = false }: WaitOptions,
    task: (link: WorkerLink) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (link: WorkerLink): void => {
        settle();
        task(link).then(resolve, reject);
      };
      const giveUp = (): void => {
        settle();
        const at = this.#waiting.indexOf(waiting);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(signal.aborted ? signal.reason : noWorker());
      };
      const settle = (): void => {
        signal.removeEventListener("abort", giveUp);
        end?.removeEventListener("abort", giveUp);
      };
      const waiting: Waiting = { fits, givesWay, take };
      if (signal.aborted || end?.aborted) {
        giveUp();
        return;
      }
      signal.addEventListener("abort", giveUp);
      end?.addEventListener("abort", giveUp);
      if (urgent) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
      this.#offer();
    });
  }

  /** `task` makes its link busy before it returns, so no link is assigned twice. */
  #offer(): void {
    for (const link of this.#links) {
      // Again if a task was refused before it began.
      while (link.idle) {
        const at = this.#waiting.findIndex(({ fits }) => fits(link));
        if (at === -1) break;
        this.#waiting.splice(at, 1)[0]?.take(link);
      }
    }
  }
}

function noWorker(): WorkerError {
  const message = "the wait for a worker ended before one was idle";
  return new WorkerError(message, { code: "NO_WORKER" }, { action: "local" });
}
