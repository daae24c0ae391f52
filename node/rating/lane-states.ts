/** The states of this node's last lane on disk: verifiers ask for one of them after the window. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class LaneStates {
  readonly #folder: string;
  #window = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ dataDir }: { dataDir: string }) {
    this.#folder = join(dataDir, "window");
  }

  /** Forgets the last window's states. */
  async begin(window: number): Promise<void> {
    this.#window = window;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
  }

  put(index: number, state: Uint8Array): void {
    this.#writing = this.#writing.then(() => writeFile(this.#path(index), state));
  }

  /** Waits until everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async get(window: number, index: number): Promise<Uint8Array | undefined> {
    if (window !== this.#window) return undefined;
    return readFile(this.#path(index)).then(
      (bytes) => new Uint8Array(bytes),
      () => undefined,
    );
  }

  #path(index: number): string {
    return join(this.#folder, `${index}.state`);
  }
}
