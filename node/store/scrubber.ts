/** Runs the check of all blocks once, beside all other work, until the node stops. */
import { type ScrubModules, scrub } from "./scrub.ts";

export class Scrubber {
  readonly #modules: ScrubModules;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(modules: ScrubModules) {
    this.#modules = modules;
  }

  start(): void {
    const { signal } = this.#stopping;
    this.#running = scrub(this.#modules, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#modules.log.warn("could not look through the blocks", { reason: String(error) });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }
}
