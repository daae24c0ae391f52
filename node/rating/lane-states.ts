/**
 * What this node worked in the last window, on disk: verifiers ask for it after the window, and a
 * restart in between must not make the node one that serves nothing.
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";

const Hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/));
const Record = z.object({ window: z.int(), lanes: z.array(Hashes) });

export interface WorkedWindow {
  readonly window: number;
  /** By lane: SHA-256 of its segments + 1 states; empty where nothing was done. */
  readonly lanes: readonly (readonly Uint8Array[])[];
}

export class LaneStates {
  readonly #folder: string;
  #window = 0;
  #worked: WorkedWindow | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor({ dataDir }: { dataDir: string }) {
    this.#folder = join(dataDir, "window");
  }

  /** Forgets the last window's states. */
  async begin(window: number): Promise<void> {
    this.#window = window;
    this.#worked = undefined;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
  }

  put(lane: number, index: number, state: Uint8Array): void {
    this.#writing = this.#writing.then(() => writeFile(this.#path(lane, index), state));
  }

  /** Call it before the claim leaves. */
  async finish(worked: WorkedWindow): Promise<void> {
    await this.#writing;
    const lanes = worked.lanes.map((hashes) => hashes.map(toHex));
    const temporary = `${this.#recordPath}.tmp`;
    await writeFile(temporary, JSON.stringify({ window: worked.window, lanes }));
    await rename(temporary, this.#recordPath);
    this.#worked = worked;
  }

  /** What was claimed of a window; undefined when this node has nothing of it. */
  async worked(window: number): Promise<WorkedWindow | undefined> {
    this.#worked ??= await this.#read();
    return this.#worked?.window === window ? this.#worked : undefined;
  }

  async get(window: number, lane: number, index: number): Promise<Uint8Array | undefined> {
    if ((await this.worked(window)) === undefined) return undefined;
    return readFile(this.#path(lane, index)).then(
      (bytes) => new Uint8Array(bytes),
      () => undefined,
    );
  }

  async #read(): Promise<WorkedWindow | undefined> {
    if (this.#window !== 0) return undefined;
    try {
      const { window, lanes } = Record.parse(JSON.parse(await readFile(this.#recordPath, "utf8")));
      return { window, lanes: lanes.map((hashes) => hashes.map(fromHex)) };
    } catch {
      // Nothing worked yet, or torn: then nothing can be served.
      return undefined;
    }
  }

  get #recordPath(): string {
    return join(this.#folder, "worked.json");
  }

  #path(lane: number, index: number): string {
    return join(this.#folder, `${lane}-${index}.state`);
  }
}
