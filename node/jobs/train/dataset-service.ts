/**
 * Datasets on this node: imported ones, and those fetched for jobs. A dataset folder is shared as a torrent; a
 * participant fetches only the chunk files that it needs.
 */

import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chunkOf, type DatasetIndex } from "../../../ml/dataset/dataset-index.ts";
import { DatasetError } from "../../../ml/dataset/errors.ts";
import { chunksBytes, type Manifest, rowCount, type Split } from "../../../ml/dataset/manifest.ts";
import { readManifestBytes } from "../../../ml/dataset/store.ts";
import { decodeTorrent, maxTorrentFileBytes } from "../../../p2p/torrent/torrent-file.ts";
import type { Torrents } from "../../../p2p/torrent/torrents.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { Clock } from "../../clock.ts";
import type { DatasetSummary } from "../../datasets/dataset-summary.ts";
import { ManifestReader, type ReadManifest } from "../../datasets/manifest-reader.ts";
import type { RandomBytes } from "../../random.ts";
import { type Room, UNBOUNDED, withRoom } from "../../storage/room.ts";
import { importedDatasets } from "../../storage/stored-files.ts";
import type { BlobSource } from "../../workers/blob-source.ts";
import type { DatasetSource as ChunkSource } from "../../workers/kinds/model-task.ts";
import { JobError } from "../job-error.ts";
import { ChunkFiles, readPieces } from "./chunk-files.ts";
import { moveInto } from "./dataset-folder.ts";
import { DatasetReorder } from "./reorder-dataset.ts";

const HEX_ID = /^[0-9a-f]{64}$/;

export interface DatasetModules {
  readonly blobs: BlobStore;
  readonly torrents: Torrents;
  /** "ip:port" of connected peers that have a torrent. */
  torrentPeers(infoHash: Uint8Array, signal: AbortSignal): Promise<string[]>;
  /** Room is requested here before the first byte arrives; default: the disk is the only limit. */
  readonly room?: Room;
  readonly clock?: Pick<Clock, "timeout">;
  /** Names of folders that are being written. */
  readonly random?: RandomBytes;
}

/** A dataset as a job names it, read and checked. */
export interface OrderedDataset {
  readonly index: DatasetIndex;
  readonly manifest: BlobSource;
  readonly torrentFile: Uint8Array;
}

export interface SharedDataset {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest. */
  readonly id: Uint8Array;
  /** SHA-256 of the torrent file. */
  readonly torrent: Uint8Array;
}

export class DatasetService {
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #modules: DatasetModules;
  readonly manifests = new ManifestReader();
  readonly #reorder: DatasetReorder;
  readonly #chunks = new ChunkFiles();
  /** Summaries of imported datasets, by id. A summary never changes. */
  readonly #summaries = new Map<string, DatasetSummary>();

  constructor({ dataDir }: { dataDir: string }, modules: DatasetModules) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, "datasets");
    this.#modules = modules;
    const { clock, random } = modules;
    const { manifests } = this;
    this.#reorder = new DatasetReorder(this.#folder, {
      room: this.#room,
      manifests,
      clock,
      random,
    });
  }

  /**
   * Takes over a finished folder as a dataset that the owner imported; an existing dataset stays.
   * @throws DatasetError when the folder contains no dataset
   */
  async adopt(folder: string): Promise<DatasetSummary> {
    const { manifest, id } = await this.#read(folder);
    const target = join(this.#folder, id);
    await mkdir(this.#folder, { recursive: true });
    const isHere = await readManifestBytes(target).then(
      () => true,
      () => false,
    );
    // A folder without a manifest may contain chunks fetched for a job: they have the same bytes.
    if (isHere) await rm(folder, { recursive: true, force: true });
    else await moveInto(folder, target);
    await writeFile(join(this.#folder, `${id}.imported`), "");
    return summaryOf(id, manifest);
  }

  /** Ids of the datasets that the owner imported; the others are copies made for jobs. */
  imported(): Promise<string[]> {
    return importedDatasets(this.#dataDir);
  }

  async remove(id: string): Promise<void> {
    const folder = join(this.#folder, id);
    this.#summaries.delete(id);
    await this.#modules.torrents.forget(folder);
    await rm(folder, { recursive: true, force: true });
  }

  /** The imported ones. */
  async list(): Promise<DatasetSummary[]> {
    const found = await Promise.all(
      (await this.imported()).map((id) => this.#summary(id).catch(() => undefined)),
    );
    return found.filter((summary) => summary !== undefined);
  }

  async #summary(id: string): Promise<DatasetSummary> {
    const known = this.#summaries.get(id);
    if (known !== undefined) return known;
    const { manifest } = await this.#read(join(this.#folder, id));
    const summary = summaryOf(id, manifest);
    this.#summaries.set(id, summary);
    return summary;
  }

  async #read(folder: string): Promise<ReadManifest> {
    return this.manifests.read(await readManifestBytes(folder));
  }

  /** @throws JobError UNKNOWN_DATASET */
  async manifest(id: string): Promise<Manifest> {
    try {
      if (!HEX_ID.test(id)) throw unknownDataset(id);
      return (await this.#read(join(this.#folder, id))).manifest;
    } catch (error) {
      if (error instanceof DatasetError && error.code === "MISSING_FILE") throw unknownDataset(id);
      throw error;
    }
  }

  /**
   * The dataset in the order that a partition needs, shared with the network.
   * @throws StorageError JOB_DISK_FULL
   */
  async share(
    id: string,
    order: "shuffled" | "by-label",
    seed: Uint8Array,
  ): Promise<SharedDataset> {
    const given = await this.manifest(id);
    const source = { id, bytes: chunksBytes(given) };
    const shared = given.order === order ? id : await this.#reorder.reorder(source, order, seed);
    const { blobs, torrents } = this.#modules;
    const folder = join(this.#folder, shared);
    const bytes = await readManifestBytes(folder);
    const { manifest } = await this.manifests.read(bytes);
    const files = manifest.train.length + manifest.test.length + 1;
    const torrentBytes = maxTorrentFileBytes(files, chunksBytes(manifest) + bytes.length);
    const { torrentFile } = await withRoom(this.#room, "torrents", torrentBytes, async (held) => {
      const made = await torrents.seed(folder);
      held.wrote(made.torrentFile.length);
      return made;
    });
    // It counts as new, because the order may be opened some time later.
    await utimes(folder, new Date(), new Date());
    return {
      manifest,
      id: await blobs.put(bytes),
      torrent: await blobs.put(torrentFile),
    };
  }

  /**
   * Makes sure that chunks are on this disk, and returns a function that reads them.
   * @throws TorrentError, DatasetError; StorageError JOB_DISK_FULL
   */
  async fetch(
    { index, manifest, torrentFile }: OrderedDataset,
    chunks: { readonly split: Split; readonly indexes: readonly number[] },
    signal: AbortSignal,
  ): Promise<ChunkSource> {
    const wanted = chunks.indexes.map((at) => chunkOf(index, chunks.split, at));
    const destination = join(this.#folder, index.id);
    await mkdir(destination, { recursive: true });
    const missing = await this.#chunks.missing(destination, wanted);
    if (missing.length > 0) {
      await this.#download(torrentFile, missing, destination, signal);
    }
    return {
      manifest,
      index,
      readChunk: (split, at) => readPieces(destination, chunkOf(index, split, at)),
    };
  }

  /** Room is reserved by the sizes in the torrent, because these are what is written. */
  async #download(
    torrentFile: Uint8Array,
    files: readonly string[],
    destination: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { infoHash, layout } = decodeTorrent(torrentFile);
    const chosen = new Set(files);
    const bytes = layout.files
      .filter(({ path }) => chosen.has(path))
      .reduce((sum, { length }) => sum + length, 0);
    const { torrents, torrentPeers } = this.#modules;
    await withRoom(this.#room, "torrents", torrentFile.length, async (torrent) => {
      await withRoom(this.#room, "datasets", bytes, async (held) => {
        const ended = AbortSignal.any([signal, held.signal]);
        let written = 0;
        try {
          await torrents.fetch({
            torrentFile,
            files,
            peers: () => torrentPeers(infoHash, ended),
            destination,
            signal: ended,
            onProgress: ({ downloaded }) => {
              held.wrote(Math.max(0, downloaded - written));
              written = Math.max(written, downloaded);
            },
          });
        } catch (error) {
          held.signal.throwIfAborted();
          throw error;
        }
        held.wrote(bytes);
        torrent.wrote(torrentFile.length);
      });
    });
  }

  get #room(): Room {
    return this.#modules.room ?? UNBOUNDED;
  }
}

function summaryOf(id: string, manifest: Manifest): DatasetSummary {
  return {
    id,
    name: manifest.name,
    shape: manifest.shape,
    classes: manifest.classes,
    trainRows: rowCount(manifest, "train"),
    testRows: rowCount(manifest, "test"),
    licence: manifest.licence,
    notes: manifest.notes,
  };
}

function unknownDataset(id: string): JobError {
  return new JobError(
    `no dataset ${id.slice(0, 80)} on this node`,
    { code: "UNKNOWN_DATASET", dataset: id.slice(0, 80) },
    { action: "local", remedy: "import it first: `npx poml dataset import`, or POST /v1/datasets" },
  );
}
