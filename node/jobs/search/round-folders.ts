/** Folders of rounds under way, one a round; those of other rounds go. */
import { join } from "node:path";
import type { Disk } from "../../disk.ts";
import { SingleFlight } from "../../single-flight.ts";

export class RoundFolders {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #flights: SingleFlight;
  #kept: string | undefined;

  constructor(folder: string, disk: Disk, failed: (error: unknown) => void) {
    this.#folder = folder;
    this.#disk = disk;
    this.#flights = new SingleFlight((_, error) => failed(error));
  }

  pathOf(name: string): string {
    return join(this.#folder, name);
  }

  /** Removes all others, unless they are gone already. */
  retain(wanted: ReadonlySet<string>): void {
    const names = [...wanted].sort().join();
    if (names === this.#kept || this.#flights.has("retain")) return;
    this.#flights.start("retain", async () => {
      const all = await this.#disk.list(this.#folder).catch(() => []);
      for (const name of all) if (!wanted.has(name)) await this.#disk.remove(this.pathOf(name));
      this.#kept = names;
    });
  }
}
