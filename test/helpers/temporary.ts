/** Folders that are gone when the test is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class TemporaryFolders {
  readonly #folders: string[] = [];

  async create(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "poml-test-"));
    this.#folders.push(folder);
    return folder;
  }

  async removeAll(): Promise<void> {
    for (const folder of this.#folders.splice(0))
      await rm(folder, { recursive: true, force: true });
  }
}
