/** At most one run per key, with an abort signal per run; for services that react to every block. */
export class SingleFlight {
  readonly #runs = new Map<string, AbortController>();
  readonly #failed: (key: string, error: unknown) => void;

  constructor(failed: (key: string, error: unknown) => void) {
    this.#failed = failed;
  }

  has(key: string): boolean {
    return this.#runs.has(key);
  }

  /** Starts `job` unless one with this key is running. Failures are reported, never thrown. */
  start(key: string, job: (signal: AbortSignal) => Promise<void>): void {
    if (this.#runs.has(key)) return;
    const control = new AbortController();
    this.#runs.set(key, control);
    job(control.signal)
      .catch((error: unknown) => {
        if (!control.signal.aborted) this.#failed(key, error);
      })
      .finally(() => this.#runs.delete(key));
  }

  /** Aborts every run whose key is no longer wanted. */
  keepOnly(wanted: (key: string) => boolean): void {
    for (const [key, control] of this.#runs)
      if (!wanted(key)) control.abort(new Error("no longer needed"));
  }

  stop(): void {
    this.keepOnly(() => false);
  }
}
