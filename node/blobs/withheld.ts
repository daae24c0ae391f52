/**
 * Names of blobs that are stored here but secret: a participant's update before its reveal. Each name is an empty file,
 * so that a restart between commit and reveal reveals nothing.
 */
import { join } from "node:path";
import { type Disk, systemDisk } from "../disk.ts";

const NAME = /^[0-9a-f]{64}$/;

export class Withheld {
  readonly #folder: string;
  readonly #names: Set<string>;

  readonly #disk: Disk;

  private constructor(folder: string, names: Set<string>, disk: Disk) {
    this.#disk = disk;
    this.#folder = folder;
    this.#names = names;
  }

  static async open(folder: string, disk: Disk = systemDisk): Promise<Withheld> {
    const names = await disk.list(folder).catch(() => []);
    return new Withheld(folder, new Set(names.filter((name) => NAME.test(name))), disk);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Takes effect at once; resolves when it also survives a restart. */
  async add(name: string): Promise<void> {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    await this.#disk.makeFolder(this.#folder);
    await this.#disk.writeFile(join(this.#folder, name), "");
  }

  /** Takes effect at once; resolves when it also survives a restart. */
  async delete(name: string): Promise<void> {
    if (!this.#names.delete(name)) return;
    await this.#disk.remove(join(this.#folder, name));
  }
}
