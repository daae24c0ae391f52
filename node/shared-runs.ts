/**
 * Work that several callers want at the same time is done once. No caller's signal ends it for the others: it ends
 * early only when none of them waits any more, and a later caller starts it again.
 */
interface Run<T> {
  readonly result: Promise<T>;
  readonly control: AbortController;
  callers: number;
}

export class SharedRuns<T> {
  readonly #runs = new Map<string, Run<T>>();

  get size(): number {
    return this.#runs.size;
  }

  /**
   * @param key of everything on which the result depends
   * @param start called when no run with this key is in progress; its signal fires when nobody waits
   * @throws the caller's reason when it gives up; any error of `start`
   */
  async use(
    key: string,
    signal: AbortSignal,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const run = this.#runs.get(key) ?? this.#begin(key, start);
    run.callers += 1;
    try {
      return await whileWanted(run.result, signal);
    } finally {
      run.callers -= 1;
      if (run.callers === 0) run.control.abort(new Error("nobody waits for it"));
    }
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<T>): Run<T> {
    const control = new AbortController();
    const run = { result: start(control.signal), control, callers: 0 };
    this.#runs.set(key, run);
    const forget = (): void => {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    };
    control.signal.addEventListener("abort", forget, { once: true });
    run.result.then(forget, forget);
    return run;
  }
}

function whileWanted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
