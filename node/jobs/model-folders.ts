/** The models of ended jobs as files, a folder each, shared as torrents. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MadeTorrent } from "../../p2p/torrent/make-torrent.ts";
import type { Torrents } from "../../p2p/torrent/torrents.ts";
import type { ModelFiles } from "../services.ts";
import type { StoredFile } from "./retention-plan.ts";
import { storedFolders } from "./stored-folders.ts";

export class ModelFolders {
  readonly #folder: string;
  readonly #torrents: Torrents;

  constructor({ dataDir }: { dataDir: string }, { torrents }: { readonly torrents: Torrents }) {
    this.#folder = join(dataDir, "models");
    this.#torrents = torrents;
  }

  /** @param job id, hex */
  isShared(job: string): boolean {
    return this.#torrents.isShared(join(this.#folder, job));
  }

  async share(job: string, files: ModelFiles): Promise<MadeTorrent> {
    const folder = join(this.#folder, job);
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    return this.#torrents.seed(folder);
  }

  files(): Promise<StoredFile[]> {
    return storedFolders(this.#folder, "model");
  }

  async remove(job: string): Promise<void> {
    const folder = join(this.#folder, job);
    await this.#torrents.forget(folder);
    await rm(folder, { recursive: true, force: true });
  }
}
