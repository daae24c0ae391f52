/** The models of ended jobs as files, one folder each, shared as torrents. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MadeTorrent } from "../../../p2p/torrent/make-torrent.ts";
import { maxTorrentFileBytes } from "../../../p2p/torrent/torrent-file.ts";
import type { Torrents } from "../../../p2p/torrent/torrents.ts";
import { type Room, UNBOUNDED, withRoom } from "../../storage/room.ts";

/** The trained model in tfjs format, and the manifest of its data, which shows how to encode rows. */
export interface ModelFiles {
  readonly "dataset.json": Uint8Array;
  readonly "model.json": Uint8Array;
  readonly "weights.bin": Uint8Array;
}

export class ModelFolders {
  readonly #folder: string;
  readonly #torrents: Torrents;
  readonly #room: Room;

  /** @param modules.room default: the disk is the only limit */
  constructor(
    { dataDir }: { dataDir: string },
    { torrents, room = UNBOUNDED }: { readonly torrents: Torrents; readonly room?: Room },
  ) {
    this.#folder = join(dataDir, "models");
    this.#torrents = torrents;
    this.#room = room;
  }

  /** @param job id, hex */
  isShared(job: string): boolean {
    return this.#torrents.isShared(join(this.#folder, job));
  }

  /** @throws StorageError JOB_DISK_FULL */
  async share(job: string, files: ModelFiles): Promise<MadeTorrent> {
    const folder = join(this.#folder, job);
    const entries: [string, Uint8Array][] = Object.entries(files);
    const bytes = entries.reduce((sum, [, { length }]) => sum + length, 0);
    await withRoom(this.#room, "models", bytes, async ({ wrote }) => {
      await mkdir(folder, { recursive: true });
      for (const [name, content] of entries) await writeFile(join(folder, name), content);
      wrote(bytes);
    });
    const torrentBytes = maxTorrentFileBytes(entries.length, bytes);
    return withRoom(this.#room, "torrents", torrentBytes, async ({ wrote }) => {
      const made = await this.#torrents.seed(folder);
      wrote(made.torrentFile.length);
      return made;
    });
  }

  async remove(job: string): Promise<void> {
    const folder = join(this.#folder, job);
    await this.#torrents.forget(folder);
    await rm(folder, { recursive: true, force: true });
  }
}
