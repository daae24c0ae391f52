/**
 * Datasets on this node: imported ones, and those fetched for jobs. A dataset folder is shared as a torrent; a
 * participant fetches only the chunk files that it needs.
 */
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../../chain/crypto/hash.ts";
import { chunkOf, type DatasetIndex } from "../../../ml/dataset/dataset-index.ts";
import { DatasetError } from "../../../ml/dataset/errors.ts";
import {
  chunksBytes,
  type Manifest,
  type ManifestChunk,
  rowCount,
  type Split,
} from "../../../ml/dataset/manifest.ts";
import { readManifestBytes } from "../../../ml/dataset/store.ts";
import { decodeTorrent, maxTorrentFileBytes } from "../../../p2p/torrent/torrent-file.ts";
import type { Torrents } from "../../../p2p/torrent/torrents.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { servedFile } from "../../blobs/served-file.ts";
import { type Clock, systemClock } from "../../clock.ts";
import type { DatasetSummary } from "../../datasets/dataset-summary.ts";
import { IMPORT_LIMITS, importInChild } from "../../datasets/import-child.ts";
import { importDataset } from "../../datasets/import-dataset.ts";
import type { ImportSource } from "../../datasets/import-order.ts";
import { ManifestReader, type ReadManifest } from "../../datasets/manifest-reader.ts";
import { type RandomBytes, systemRandom } from "../../random.ts";
import { SerialQueue } from "../../serial-queue.ts";
import { type Reservation, type Room, UNBOUNDED, withRoom } from "../../storage/room.ts";
import { importedDatasets } from "../../storage/stored-files.ts";
import type { BlobSource } from "../../workers/blob-source.ts";
import type { DatasetSource as ChunkSource } from "../../workers/kinds/model-task.ts";
import { JobError } from "../job-error.ts";

const MANIFEST = "manifest.json";
/** Sorting so few bytes takes less time than starting a process. */
const REORDER_HERE_BYTES = 2 * 1024 * 1024;
const REORDER_MS = 10 * 60_000;
/** The rows of the largest dataset three times: as they are, in one piece, and in the new order. */
const REORDER_BYTES = 3 * 1024 * 1024 * 1024;
const MAX_VERIFIED = 200_000;
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
  /** One at a time, because each needs a process with its memory. */
  readonly #reorders = new SerialQueue();
  /** Summaries of imported datasets, by id. A summary never changes. */
  readonly #summaries = new Map<string, DatasetSummary>();
  /** Chunk files that were verified, by path, with their file status at that time. */
  readonly #verified = new Map<string, string>();

  constructor({ dataDir }: { dataDir: string }, modules: DatasetModules) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, "datasets");
    this.#modules = modules;
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
    const shared = given.order === order ? id : await this.#reorder(source, order, seed);
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
    const missing = await this.#missing(destination, wanted);
    if (missing.length > 0) {
      await this.#download(torrentFile, missing, destination, signal);
    }
    return {
      manifest,
      index,
      readChunk: (split, at) => readPieces(destination, chunkOf(index, split, at)),
    };
  }

  /** One after another and piece by piece, because they may be larger than the memory. */
  async #missing(folder: string, chunks: readonly ManifestChunk[]): Promise<string[]> {
    const missing: string[] = [];
    for (const chunk of chunks) if (!(await this.#isHere(folder, chunk))) missing.push(chunk.file);
    return missing;
  }

  /** A verified file is not read again unless it changes. */
  async #isHere(folder: string, chunk: ManifestChunk): Promise<boolean> {
    const path = join(folder, chunk.file);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return false;
    const state = `${chunk.sha256} ${found.size} ${found.mtimeMs}`;
    if (this.#verified.get(path) === state) return true;
    try {
      for await (const _ of readPieces(folder, chunk));
    } catch {
      return false;
    }
    if (this.#verified.size >= MAX_VERIFIED) this.#verified.clear();
    this.#verified.set(path, state);
    return true;
  }

  /**
   * Reads, sorts and writes all rows: in this process if there are few, otherwise in a separate process, one at a time.
   * @returns the id of the copy
   */
  async #reorder(
    { id, bytes }: { id: string; bytes: number },
    order: Manifest["order"],
    seed: Uint8Array,
  ): Promise<string> {
    const { random = systemRandom, clock = systemClock } = this.#modules;
    const output = join(this.#folder, `${id}.${toHex(random(8))}.part`);
    const source: ImportSource = {
      kind: "reorder",
      folder: join(this.#folder, id),
      order,
      seed: toHex(seed),
    };
    let held: Reservation | undefined;
    let size = 0;
    const reserve = async (wanted: number): Promise<AbortSignal> => {
      held = await this.#room.reserve("datasets", wanted);
      size = wanted;
      return held.signal;
    };
    const inProcess = async (): Promise<void> => {
      const signal = clock.timeout(REORDER_MS);
      const limits = { ...IMPORT_LIMITS, memoryBytes: REORDER_BYTES };
      const control = { onProgress: () => {}, onSize: reserve, signal };
      await importInChild({ source, output }, control, limits);
    };
    const here = (): Promise<void> =>
      importDataset(
        { source, output },
        () => {},
        async (wanted) => void (await reserve(wanted)),
      );
    try {
      await (bytes <= REORDER_HERE_BYTES ? here() : this.#reorders.run(inProcess));
      const { id: copy } = await this.#read(output);
      await moveInto(output, join(this.#folder, copy));
      held?.wrote(size);
      return copy;
    } finally {
      held?.release();
      await rm(output, { recursive: true, force: true });
    }
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

/** @throws DatasetError MISSING_FILE, CHUNK_HASH */
async function* readPieces(folder: string, chunk: ManifestChunk): AsyncGenerator<Uint8Array> {
  const { file, sha256 } = chunk;
  const onDamaged = async (): Promise<Error> =>
    new DatasetError(
      `chunk ${file} on this disk is not the one of the manifest`,
      { code: "CHUNK_HASH", file, expected: sha256, actual: "another" },
      { remedy: "fetch the chunk again" },
    );
  const served = await servedFile(join(folder, file), { sha256, onDamaged });
  if (served !== undefined && served.sizeBytes === chunk.bytes) return yield* served.read();
  throw new DatasetError(
    `chunk ${file} is not on this disk`,
    { code: "MISSING_FILE", file },
    { remedy: "fetch the chunk again" },
  );
}

/** Files one by one, and the manifest last: a folder with a manifest is complete. */
async function moveInto(folder: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const names = (await readdir(folder)).sort(
    (a, b) => Number(a === MANIFEST) - Number(b === MANIFEST),
  );
  for (const name of names) await rename(join(folder, name), join(target, name));
  await rm(folder, { recursive: true, force: true });
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
