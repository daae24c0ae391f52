/**
 * Names of blobs that are here but secret: a participant's update before its reveal. Each name is an empty file, so
 * that a restart between commit and reveal gives nothing away.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^[0-9a-f]{64}$/;

export class Withheld {
  readonly #folder: string;
  readonly #names: Set<string>;

  private constructor(folder: string, names: Set<string>) {
    this.#folder = folder;
    this.#names = names;
  }

  static async open(folder: string): Promise<Withheld> {
    const names = await readdir(folder).catch(() => []);
    return new Withheld(folder, new Set(names.filter((name) => NAME.test(name))));
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Counts at once; resolves when a restart will know it too. */
  async add(name: string): Promise<void> {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, name), "");
  }

  /** Counts at once; resolves when a restart will know it too. */
  async delete(name: string): Promise<void> {
    if (!this.#names.delete(name)) return;
    await rm(join(this.#folder, name), { force: true });
  }
}
