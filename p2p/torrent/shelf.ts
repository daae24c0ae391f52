/**
 * The torrents that this node can share, on disk: for each one the torrent file, and where its data lie. A torrent is
 * opened from here when another node asks for it, so thousands of them cost no more than these small files.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { decodeTorrent } from "./torrent-file.ts";

const NAME = /^([0-9a-f]{40})\.torrent$/;
const PLACE = ".place";

export interface Shelved {
  readonly torrentFile: Uint8Array;
  /** Where the files are. */
  readonly directory: string;
}

export class TorrentShelf {
  readonly #root: string;
  readonly #folder: string;
  /** Directories by info hash in hex. */
  readonly #places = new Map<string, string>();
  readonly #putting = new Map<string, Promise<void>>();

  private constructor(root: string) {
    this.#root = root;
    this.#folder = join(root, "torrents");
  }

  /** @param root the directory that contains all data, so that it can be moved as a whole */
  static async open(root: string): Promise<TorrentShelf> {
    const shelf = new TorrentShelf(root);
    await mkdir(shelf.#folder, { recursive: true });
    for (const name of await readdir(shelf.#folder)) {
      const infoHash = NAME.exec(name)?.[1];
      if (infoHash === undefined) continue;
      const place = await readFile(shelf.#path(infoHash, PLACE), "utf8").catch(() => undefined);
      if (place !== undefined) shelf.#places.set(infoHash, resolve(root, place));
    }
    return shelf;
  }

  /** Whether the torrent of a directory is stored here. */
  holds(directory: string): boolean {
    return [...this.#places.values()].includes(directory);
  }

  /** Calls for one torrent wait for each other, because they write the same file names. */
  async put(infoHash: Uint8Array, shelved: Shelved): Promise<void> {
    const name = toHex(infoHash);
    const before = this.#putting.get(name) ?? Promise.resolve();
    const put = before.catch(() => {}).then(() => this.#put(name, shelved));
    this.#putting.set(name, put);
    try {
      await put;
    } finally {
      if (this.#putting.get(name) === put) this.#putting.delete(name);
    }
  }

  async #put(name: string, { torrentFile, directory }: Shelved): Promise<void> {
    if (this.#places.get(name) === directory) return;
    await this.#write(name, ".torrent", torrentFile);
    await this.#write(name, PLACE, Buffer.from(relative(this.#root, directory)));
    this.#places.set(name, directory);
  }

  /** Undefined for a torrent that is not here or cannot be read. */
  async get(infoHash: Uint8Array): Promise<Shelved | undefined> {
    const name = toHex(infoHash);
    const directory = this.#places.get(name);
    if (directory === undefined) return undefined;
    try {
      const torrentFile = new Uint8Array(await readFile(this.#path(name, ".torrent")));
      if (toHex(decodeTorrent(torrentFile).infoHash) === name) return { torrentFile, directory };
    } catch {
      // Missing or damaged: this node no longer shares it.
    }
    await this.#remove(name);
    return undefined;
  }

  /**
   * Stops sharing the torrent of a directory.
   * @returns its info hashes
   */
  async remove(directory: string): Promise<Uint8Array[]> {
    const names = [...this.#places].filter(([, place]) => place === directory);
    for (const [name] of names) await this.#remove(name);
    return names.map(([name]) => fromHex(name));
  }

  /** @param infoHash in hex */
  async drop(infoHash: string): Promise<void> {
    if (/^[0-9a-f]{40}$/.test(infoHash)) await this.#remove(infoHash);
  }

  async #remove(name: string): Promise<void> {
    this.#places.delete(name);
    await rm(this.#path(name, PLACE), { force: true });
    await rm(this.#path(name, ".torrent"), { force: true });
  }

  async #write(name: string, ending: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name, ending);
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
  }

  #path(name: string, ending: string): string {
    return join(this.#folder, `${name}${ending}`);
  }
}
